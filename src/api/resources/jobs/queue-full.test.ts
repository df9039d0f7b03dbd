import { beforeAll, expect, test } from "vitest";
import { createCustomer, createJobType } from "../../../../test/support/test-platform.ts";
import { createTestApi, type TestApi } from "../../test-api.ts";

let api: TestApi;
let id: string;
let key: string;
let job: { job_type_id: string; input_data: unknown };

beforeAll(async () => {
  api = await createTestApi();
  id = await createCustomer(api.platform);
  key = (await api.ask("POST", `/customers/${id}/api-keys`)).body.api_key;
  job = { job_type_id: await createJobType(api.platform), input_data: 1 };
});

test("an operator sets the limit; above it a submission is refused with the figures and when to come back", async () => {
  const patched = await api.ask("PATCH", `/customers/${id}`, { body: { waiting_limit: 3 } });
  expect([patched.status, patched.body.waiting_limit]).toEqual([200, 3]);
  const batch = await api.ask("POST", "/jobs/batch", { key, body: { jobs: [job, job, job, job] } });
  expect(batch.body.results.map(({ status }: { status: number }) => status)).toEqual([201, 201, 201, 429]);
  expect(batch.body.results[3].problem).toMatchObject({
    code: "queue_full",
    waiting_jobs: 3,
    waiting_limit: 3,
  });

  const refused = await api.ask("POST", "/jobs", { key, body: job });
  expect(refused.status).toBe(429);
  expect(refused.headers["retry-after"]).toBe("5");
  expect(refused.body).toMatchObject({
    code: "queue_full",
    retryable: true,
    waiting_jobs: 3,
    waiting_limit: 3,
  });
  // The limit is the customer's, whoever submits.
  expect((await api.ask("POST", "/jobs", { body: { ...job, customer_id: id } })).status).toBe(429);

  const [{ job: first }] = batch.body.results;
  await api.ask("POST", `/jobs/${first.id}/cancel`, { key });
  expect((await api.ask("POST", `/jobs/${first.id}/retry`, { key })).status).toBe(201);
  expect((await api.ask("POST", `/jobs/${first.id}/retry`, { key })).body.code).toBe("queue_full");
  await api.ask("PATCH", `/customers/${id}`, { body: { waiting_limit: null } });
  expect((await api.ask("POST", "/jobs", { key, body: job })).status).toBe(201);
});

test.each([0, 1_000_001, 1.5, "10"])("a limit of %j is refused", async (waiting_limit) => {
  const { status, body } = await api.ask("PATCH", `/customers/${id}`, { body: { waiting_limit } });
  expect([status, body.errors[0].pointer]).toEqual([422, "/waiting_limit"]);
});
