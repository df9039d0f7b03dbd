import { beforeAll, expect, test } from "vitest";
import { createCustomer, createJobType } from "../../../../test/support/test-platform.ts";
import { createTestApi, type TestApi } from "../../test-api.ts";

let api: TestApi;
beforeAll(async () => {
  api = await createTestApi();
});

const topUp = (id: string, body: object) => api.ask("POST", `/customers/${id}/wallet/top-ups`, { body });

test("a top-up moves money once, however often its reference is sent", async () => {
  const id = await createCustomer(api.platform, 0);
  const first = await topUp(id, { amount_cents: 500, reference: "invoice 7" });
  expect(first.status).toBe(201);
  expect(first.body).toMatchObject({
    seq: 1,
    kind: "top_up",
    amount_cents: 500,
    balance_after_cents: 500,
    reference: "invoice 7",
  });
  const again = await topUp(id, { amount_cents: 500, reference: "invoice 7" });
  expect(again.status).toBe(200);
  expect(again.body).toEqual(first.body);
  expect((await api.ask("GET", `/customers/${id}/wallet`)).body.current_balance_cents).toBe(500);
});

test("a reference that stands for another amount is refused, and nothing moves", async () => {
  const id = await createCustomer(api.platform, 0);
  await topUp(id, { amount_cents: 500, reference: "invoice 8" });
  const { status, body } = await topUp(id, { amount_cents: 501, reference: "invoice 8" });
  expect([status, body.code]).toEqual([409, "reference_reused"]);
  expect((await api.ask("GET", `/customers/${id}/wallet`)).body.current_balance_cents).toBe(500);
});

test.each([
  [{ amount_cents: 0, reference: "r" }, "/amount_cents", "must be at least 1"],
  [{ amount_cents: -5, reference: "r" }, "/amount_cents", "must be at least 1"],
  [{ amount_cents: 1.5, reference: "r" }, "/amount_cents", "must be an integer"],
  [{ amount_cents: "500", reference: "r" }, "/amount_cents", "must be a number"],
  [{ amount_cents: 1_000_000_000_001, reference: "r" }, "/amount_cents", "must be at most 1000000000000"],
  [{ amount_cents: 1e300, reference: "r" }, "/amount_cents", "must be at most 9007199254740991"],
  [{ reference: "r" }, "/amount_cents", "is required"],
  [{ amount_cents: 1 }, "/reference", "is required"],
  [{ amount_cents: 1, reference: "" }, "/reference", "must not be empty"],
  [{ amount_cents: 1, reference: "a\u0000b" }, "/reference", "must have no control characters"],
  [{ amount_cents: 1, reference: "x".repeat(201) }, "/reference", "must have 200 characters or less"],
  [
    { amount_cents: 1, reference: "r", reason: "x" },
    "/reason",
    "is not a known field; known are amount_cents, reference",
  ],
])("the top-up %j is refused at %s", async (body, pointer, message) => {
  const id = await createCustomer(api.platform, 0);
  const answer = await topUp(id, body);
  expect(answer.status).toBe(422);
  expect(answer.body.errors).toContainEqual({ pointer, message });
  expect((await api.ask("GET", `/customers/${id}/wallet/entries`)).body.data).toEqual([]);
});

test("a wallet cannot grow beyond what JSON numbers hold", async () => {
  const id = await createCustomer(api.platform, 0);
  for (let n = 0; n < 3; n += 1) await topUp(id, { amount_cents: 1_000_000_000_000, reference: `${n}` });
  expect((await api.ask("GET", `/customers/${id}/wallet`)).body.current_balance_cents).toBe(
    3_000_000_000_000,
  );
});

test("entries come newest first, in pages, with the balance after each", async () => {
  const id = await createCustomer(api.platform, 0);
  for (let n = 1; n <= 5; n += 1) await topUp(id, { amount_cents: n, reference: `r${n}` });
  const first = (await api.ask("GET", `/customers/${id}/wallet/entries?limit=3`)).body;
  const second = (await api.ask("GET", `/customers/${id}/wallet/entries?limit=3&cursor=${first.next_cursor}`))
    .body;
  const seen = [...first.data, ...second.data];
  expect(seen.map((entry) => entry.seq)).toEqual([5, 4, 3, 2, 1]);
  expect(seen.map((entry) => entry.balance_after_cents)).toEqual([15, 10, 6, 3, 1]);
  expect(second.next_cursor).toBeNull();
});

test("a cursor of another list is refused", async () => {
  const id = await createCustomer(api.platform, 1);
  const { status, body } = await api.ask(
    "GET",
    `/customers/${id}/wallet/entries?cursor=${Buffer.from(id).toString("base64url")}`,
  );
  expect(status).toBe(422);
  expect(body.errors[0].pointer).toBe("/cursor");
});

test("what a job holds is pending, and no longer available", async () => {
  const id = await createCustomer(api.platform, 100);
  const job_type_id = await createJobType(api.platform, { standard_cost_cents: 30 });
  await api.ask("POST", "/jobs", { body: { customer_id: id, job_type_id, input_data: null } });
  expect((await api.ask("GET", `/customers/${id}/wallet`)).body).toMatchObject({
    current_balance_cents: 100,
    pending_charges_cents: 30,
    available_cents: 70,
  });
});

test("a statement is CSV with a header, quoted where needed, and harmless in a spreadsheet", async () => {
  const id = await createCustomer(api.platform, 0);
  await topUp(id, { amount_cents: 500, reference: 'say "hi", twice' });
  await topUp(id, { amount_cents: 700, reference: "=SUM(A1:A9)" });
  const { status, headers, text } = await api.ask("GET", `/customers/${id}/wallet/entries`, {
    headers: { accept: "text/csv" },
  });
  expect(status).toBe(200);
  expect(headers["content-type"]).toBe("text/csv; charset=utf-8; header=present");
  const [header, ...lines] = text.split("\r\n");
  expect(header).toBe("seq,created_at,kind,amount_cents,balance_after_cents,job_id,reference,reason,actor");
  expect(lines.map((line) => line.replace(/,2[^,]*Z,/, ",time,"))).toEqual([
    "2,time,top_up,700,1200,,'=SUM(A1:A9),,admin",
    '1,time,top_up,500,500,,"say ""hi"", twice",,admin',
    "",
  ]);
});

test("a statement has all entries, also beyond one read of the ledger, unless a limit is asked for", async () => {
  const id = await createCustomer(api.platform, 0);
  const count = 2_003;
  await Promise.all(
    Array.from({ length: count }, (_, n) =>
      api.platform.wallets.topUp({ customer_id: id, amount_cents: 1, reference: `r${n}` }),
    ),
  );
  const csv = { headers: { accept: "text/csv" } };
  const seqs = (text: string) =>
    text
      .trimEnd()
      .split("\r\n")
      .slice(1)
      .map((line) => Number(line.split(",")[0]));
  const whole = await api.ask("GET", `/customers/${id}/wallet/entries`, csv);
  expect(seqs(whole.text)).toEqual(Array.from({ length: count }, (_, n) => count - n));
  const some = await api.ask("GET", `/customers/${id}/wallet/entries?limit=2`, csv);
  expect(seqs(some.text)).toEqual([count, count - 1]);
});
