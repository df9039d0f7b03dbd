import { expect, test } from "vitest";
import { createCustomer, createJobType, createRunner } from "../../../../test/support/test-platform.ts";
import { submitJob } from "../../../core/use-cases/submit-jobs.ts";
import { createTestApi } from "../../test-api.ts";

interface Shown {
  readonly kind: string;
  readonly seq: number;
  readonly customer_id: string;
}

test("all entries are listed newest first, filtered, paged, and as CSV", async () => {
  const api = await createTestApi();
  const { platform } = api;
  const [ada, bob] = [await createCustomer(platform), await createCustomer(platform)];
  const job_type_id = await createJobType(platform);
  const runner_id = await createRunner(platform);
  const { id } = await submitJob(platform, { customer_id: ada, job_type_id, input_data: null });
  const [claimed] = await platform.jobs.claim({ runner_id, ids: [id] });
  await platform.jobs.settle([{ id, attempt: claimed?.attempt ?? 0, kind: "succeeded", output: null }]);
  await platform.wallets.refund({ job_id: id, amount_cents: 3, reference: "=r1", reason: null }, "test");

  const list = async (query: string): Promise<{ data: Shown[]; next_cursor: string | null }> =>
    (await api.ask("GET", `/ledger-entries${query}`)).body;
  const kinds = async (query: string) => (await list(query)).data.map(({ kind }) => kind);
  expect(await kinds("")).toEqual(["refund", "charge", "top_up", "top_up"]);
  expect((await list("")).data.map(({ customer_id }) => customer_id)).toEqual([ada, ada, bob, ada]);
  expect(await kinds(`?job_id=${id}`)).toEqual(["refund", "charge"]);
  expect(await kinds("?kind=charge")).toEqual(["charge"]);
  expect(await kinds("?kind=top_up&reference=start")).toEqual(["top_up", "top_up"]);
  expect(await kinds(`?customer_id=${bob}`)).toEqual(["top_up"]);
  expect(await kinds("?since=2090-01-01T00:00:00Z")).toEqual([]);

  const paged = async (filter: string, first = ""): Promise<string[]> => {
    const pages: string[] = [];
    for (let cursor = first; ;) {
      const { data, next_cursor } = await list(`?limit=1${filter}${cursor}`);
      pages.push(...data.map(({ kind, seq }) => `${kind} ${seq}`));
      if (next_cursor === null) return pages;
      cursor = `&cursor=${next_cursor}`;
    }
  };
  expect(await paged("")).toEqual(["refund 3", "charge 2", "top_up 1", "top_up 1"]);
  expect(await paged(`&customer_id=${ada}`)).toEqual(["refund 3", "charge 2", "top_up 1"]);
  expect(await paged(`&customer_id=${ada}&kind=top_up`)).toEqual(["top_up 1"]);
  // A page of all wallets that ends at the other one's entry.
  const { next_cursor } = await list("?limit=3");
  expect(await paged(`&customer_id=${ada}`, `&cursor=${next_cursor}`)).toEqual(["top_up 1"]);

  const csv = await api.ask("GET", "/ledger-entries?limit=1", { headers: { accept: "text/csv" } });
  const [header, line] = csv.text.split("\r\n");
  expect(header).toMatch(/^created_at,customer_id,.*,amount,balance_after,currency$/);
  expect(line).toContain(`,refund,3,999993,${id},'=r1,,test,0.03,9999.93,EUR`);
  const next = /^<(\/ledger-entries\?[^>]*)>; rel="next"$/.exec(String(csv.headers["link"]))?.[1];
  const second = await api.ask("GET", next ?? "", { headers: { accept: "text/csv" } });
  expect(second.text).toContain(",charge,-10,");
  expect((await api.ask("GET", "/ledger-entries?cursor=bm8")).status).toBe(422);
});

test("only the operator sees the ledger of all", async () => {
  const api = await createTestApi();
  const customer_id = await createCustomer(api.platform);
  const { body } = await api.ask("POST", `/customers/${customer_id}/api-keys`, { body: {} });
  for (const path of ["/ledger-entries", "/audit", "/overview"])
    expect((await api.ask("GET", path, { key: body.api_key })).status).toBe(403);
});
