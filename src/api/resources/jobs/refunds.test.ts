import { beforeAll, describe, expect, test } from "vitest";
import { v7 as uuidv7 } from "uuid";
import {
  brokenPromises,
  createCustomer,
  createJobType,
  createRunner,
} from "../../../../test/support/test-platform.ts";
import { createTestApi, type TestApi } from "../../test-api.ts";

const PRICE_CENTS = 30;

let api: TestApi;
let job_type_id: string;
beforeAll(async () => {
  api = await createTestApi();
  job_type_id = await createJobType(api.platform, { standard_cost_cents: PRICE_CENTS });
});

const wallet = async (id: string) => (await api.ask("GET", `/customers/${id}/wallet`)).body;
const submit = (customer_id: string) =>
  api.ask("POST", "/jobs", { body: { customer_id, job_type_id, input_data: null } });

async function paidJob(customer_id: string, cost_cents?: number): Promise<string> {
  const { body: job } = await submit(customer_id);
  const claimed = await api.platform.jobs.setStarted(job.id, await createRunner(api.platform));
  const attempt = claimed?.attempt ?? 0;
  await api.platform.jobs.setCompleted({ id: job.id, attempt, kind: "succeeded", output: null, cost_cents });
  return job.id;
}

describe("refunds", () => {
  const refund = (job: string, body: object) => api.ask("POST", `/jobs/${job}/refunds`, { body });

  test("give back in parts and then the rest, never more than was charged", async () => {
    const id = await createCustomer(api.platform, 100);
    const job = await paidJob(id);
    const part = await refund(job, { amount_cents: 10, reference: "r1", reason: "Late" });
    expect([part.status, part.body]).toMatchObject([
      201,
      { kind: "refund", amount_cents: 10, balance_after_cents: 80, job_id: job, reason: "Late" },
    ]);
    const tooMuch = await refund(job, { amount_cents: 21, reference: "r2" });
    expect([tooMuch.status, tooMuch.body]).toMatchObject([
      409,
      { code: "refund_exceeds_charge", charged_cents: 30, refunded_cents: 10, refundable_cents: 20 },
    ]);
    expect((await refund(job, { reference: "r3" })).body.amount_cents).toBe(20);
    const twice = await refund(job, { reference: "r4" });
    expect([twice.status, twice.body.code]).toEqual([409, "refund_exceeds_charge"]);
    expect((await wallet(id)).current_balance_cents).toBe(100);
    expect(await brokenPromises(api.platform)).toEqual([]);
  });

  test("the same reference again answers the first entry; of another job or amount it is refused", async () => {
    const id = await createCustomer(api.platform, 100);
    const [job, other] = [await paidJob(id), await paidJob(id)];
    const first = await refund(job, { amount_cents: 10, reference: "s" });
    const again = await refund(job, { amount_cents: 10, reference: "s" });
    expect([again.status, again.body]).toEqual([200, first.body]);
    for (const answer of [
      await refund(job, { amount_cents: 11, reference: "s" }),
      await refund(other, { amount_cents: 10, reference: "s" }),
    ])
      expect([answer.status, answer.body.code]).toEqual([409, "reference_reused"]);
    expect((await wallet(id)).current_balance_cents).toBe(50);
  });

  test("of a job that was charged nothing, or that is not there, are refused", async () => {
    const id = await createCustomer(api.platform, 100);
    const { body: pending } = await submit(id);
    expect((await refund(pending.id, { reference: "t" })).body.code).toBe("refund_exceeds_charge");
    const free = await paidJob(id, 0);
    expect((await refund(free, { reference: "t" })).body.code).toBe("refund_exceeds_charge");
    expect((await refund(uuidv7(), { reference: "t" })).status).toBe(404);
  });

  test("at the same moment give back no more than one could", async () => {
    const id = await createCustomer(api.platform, 100);
    const job = await paidJob(id);
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, n) => refund(job, { amount_cents: 20, reference: `race ${n}` })),
    );
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    expect((await wallet(id)).current_balance_cents).toBe(90);
  });
});

test("a customer's key may not refund a job", async () => {
  const id = await createCustomer(api.platform, 100);
  const job = await paidJob(id);
  const key = (await api.ask("POST", `/customers/${id}/api-keys`)).body.api_key;
  const { status } = await api.ask("POST", `/jobs/${job}/refunds`, { key, body: { reference: "r" } });
  expect(status).toBe(403);
  expect((await wallet(id)).current_balance_cents).toBe(70);
});
