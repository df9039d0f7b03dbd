import { beforeAll, expect, test } from "vitest";
import { createCustomer } from "../../../../test/support/test-platform.ts";
import { createTestApi, type TestApi } from "../../test-api.ts";

let api: TestApi;
let id: string;
/** When each entry was made; entry n has seq n + 1. */
let times: string[];

beforeAll(async () => {
  api = await createTestApi();
  id = await createCustomer(api.platform, 0);
  for (const [n, amount_cents] of [100, -30, 50, -20, 7].entries()) {
    const body = { amount_cents, reference: `r${n}`, reason: "Test" };
    await api.ask("POST", `/customers/${id}/wallet/adjustments`, { body });
  }
  const { body } = await api.ask("GET", `/customers/${id}/wallet/entries`);
  times = body.data.map(({ created_at }: { created_at: string }) => created_at).toReversed();
});

const entries = (query: string, headers: Record<string, string> = {}) =>
  api.ask("GET", `/customers/${id}/wallet/entries?${query}`, { headers });
const balance = async (query: string) =>
  (await api.ask("GET", `/customers/${id}/wallet/balance?${query}`)).body;

test("opening balance and entries of any period add up to its closing balance", async () => {
  for (let from = 0; from < times.length; from += 1) {
    for (let to = from; to < times.length; to += 1) {
      const { body } = await entries(`from=${times[from]}&to=${times[to]}`);
      const sum = body.data.reduce(
        (cents: number, entry: { amount_cents: number }) => cents + entry.amount_cents,
        0,
      );
      expect(body.opening_balance_cents + sum).toBe(body.closing_balance_cents);
      expect(body.data.map(({ seq }: { seq: number }) => seq)).toEqual(
        Array.from({ length: to - from }, (_, n) => to - n),
      );
    }
  }
});

test("pages of a period stay within it", async () => {
  const period = `from=${times[1]}&to=${times[4]}`;
  const first = (await entries(`${period}&limit=2`)).body;
  const second = (await entries(`${period}&limit=2&cursor=${first.next_cursor}`)).body;
  expect([...first.data, ...second.data].map(({ seq }) => seq)).toEqual([4, 3, 2]);
  expect(second.next_cursor).toBeNull();
  expect([second.opening_balance_cents, second.closing_balance_cents]).toEqual([100, 100]);
});

test("as CSV, a period stands between its opening and its closing balance, oldest first", async () => {
  const { text } = await entries(`from=${times[1]}&to=${times[3]}`, { accept: "text/csv" });
  const lines = text
    .trimEnd()
    .split("\r\n")
    .map((line) => line.split(","));
  expect(lines.map(([seq, , kind, amount, after]) => [seq, kind, amount, after])).toEqual([
    ["seq", "kind", "amount_cents", "balance_after_cents"],
    ["", "opening_balance", "", "100"],
    ["2", "adjustment", "-30", "70"],
    ["3", "adjustment", "50", "120"],
    ["", "closing_balance", "", "120"],
  ]);
});

test("a period without a movement has one balance, at both ends", async () => {
  const { body } = await entries("from=2030-01-01T00:00:00Z");
  expect(body).toMatchObject({ data: [], opening_balance_cents: 107, closing_balance_cents: 107 });
});

test("a period that ends before it begins, and half a statement of one, are refused", async () => {
  expect((await entries(`from=${times[2]}&to=${times[1]}`)).body.errors[0].pointer).toBe("/to");
  const half = await entries(`from=${times[1]}&limit=1`, { accept: "text/csv" });
  expect([half.status, half.body.errors[0].pointer]).toEqual([422, "/limit"]);
});

test("the balance at any time is that after the last entry by then", async () => {
  expect(await balance("at=2020-01-01T00:00:00Z")).toMatchObject({ seq: 0, balance_cents: 0 });
  for (const [n, balance_cents] of [100, 70, 120, 100, 107].entries())
    expect(await balance(`at=${times[n]}`)).toMatchObject({ seq: n + 1, balance_cents });
  expect(await balance("")).toMatchObject({ seq: 5, balance_cents: 107, currency: "EUR" });
});

test("a customer reads their own balance and nobody else's", async () => {
  const other = await createCustomer(api.platform, 0);
  const key = (await api.ask("POST", `/customers/${other}/api-keys`)).body.api_key;
  expect((await api.ask("GET", `/customers/${id}/wallet/balance`, { key })).status).toBe(404);
  expect((await api.ask("GET", `/customers/${other}/wallet/balance`, { key })).status).toBe(200);
});

const topUp = (customer_id: string, body: object) =>
  api.ask("POST", `/customers/${customer_id}/wallet/top-ups`, { body });

test("entries come newest first, in pages, with the balance after each", async () => {
  const other = await createCustomer(api.platform, 0);
  for (let n = 1; n <= 5; n += 1) await topUp(other, { amount_cents: n, reference: `r${n}` });
  const first = (await api.ask("GET", `/customers/${other}/wallet/entries?limit=3`)).body;
  const second = (
    await api.ask("GET", `/customers/${other}/wallet/entries?limit=3&cursor=${first.next_cursor}`)
  ).body;
  const seen = [...first.data, ...second.data];
  expect(seen.map((entry) => entry.seq)).toEqual([5, 4, 3, 2, 1]);
  expect(seen.map((entry) => entry.balance_after_cents)).toEqual([15, 10, 6, 3, 1]);
  expect(second.next_cursor).toBeNull();
});

test("a cursor of another list is refused", async () => {
  const other = await createCustomer(api.platform, 1);
  const { status, body } = await api.ask(
    "GET",
    `/customers/${other}/wallet/entries?cursor=${Buffer.from(other).toString("base64url")}`,
  );
  expect(status).toBe(422);
  expect(body.errors[0].pointer).toBe("/cursor");
});

test("a statement is CSV with a header, quoted where needed, and harmless in a spreadsheet", async () => {
  const other = await createCustomer(api.platform, 0);
  await topUp(other, { amount_cents: 500, reference: 'say "hi", twice' });
  await topUp(other, { amount_cents: 700, reference: "=SUM(A1:A9)" });
  const { status, headers, text } = await api.ask("GET", `/customers/${other}/wallet/entries`, {
    headers: { accept: "text/csv" },
  });
  expect(status).toBe(200);
  expect(headers["content-type"]).toBe("text/csv; charset=utf-8; header=present");
  expect([headers["cache-control"], headers["x-content-type-options"]]).toEqual(["no-store", "nosniff"]);
  const [header, ...lines] = text.split("\r\n");
  expect(header).toBe(
    "seq,created_at,kind,amount_cents,balance_after_cents,job_id,reference,reason,actor,amount,balance_after,currency",
  );
  expect(lines.map((line) => line.replace(/,2[^,]*Z,/, ",time,"))).toEqual([
    "2,time,top_up,700,1200,,'=SUM(A1:A9),,admin,7.00,12.00,EUR",
    '1,time,top_up,500,500,,"say ""hi"", twice",,admin,5.00,5.00,EUR',
    "",
  ]);
});

test("a statement has all entries, also beyond one read of the ledger, unless a limit is asked for", async () => {
  const other = await createCustomer(api.platform, 0);
  const count = 2_003;
  const grants = Array.from({ length: count }, (_, n) => ({
    customer_id: other,
    kind: "grant" as const,
    amount_cents: 1,
    reference: `r${n}`,
  }));
  for (let first = 0; first < count; first += 1_000)
    await api.platform.wallets.postAll(grants.slice(first, first + 1_000), "test");
  const csv = { headers: { accept: "text/csv" } };
  const seqs = (text: string) =>
    text
      .trimEnd()
      .split("\r\n")
      .slice(1)
      .map((line) => Number(line.split(",")[0]));
  const whole = await api.ask("GET", `/customers/${other}/wallet/entries`, csv);
  expect(seqs(whole.text)).toEqual(Array.from({ length: count }, (_, n) => count - n));
  const some = await api.ask("GET", `/customers/${other}/wallet/entries?limit=2`, csv);
  expect(seqs(some.text)).toEqual([count, count - 1]);
});
