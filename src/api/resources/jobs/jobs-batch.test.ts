import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { v7 as uuidv7 } from "uuid";
import { createCustomer, createJobType } from "../../../../test/support/test-platform.ts";
import { createTestApi, type TestApi } from "../../test-api.ts";

let api: TestApi;
let job_type_id: string;
let customer_id: string;
let key: string;

beforeAll(async () => {
  api = await createTestApi();
  job_type_id = await createJobType(api.platform, { standard_cost_cents: 10 });
});

beforeEach(async () => {
  customer_id = await createCustomer(api.platform, 100_000);
  key = (await api.ask("POST", `/customers/${customer_id}/api-keys`)).body.api_key;
});

const held = async () =>
  (await api.ask("GET", `/customers/${customer_id}/wallet`)).body.pending_charges_cents;
describe("POST /jobs/batch", () => {
  const batch = (jobs: unknown) => api.ask("POST", "/jobs/batch", { key, body: { jobs } });
  const job = (more: object = {}) => ({ job_type_id, input_data: null, ...more });

  test("answers each in order, on its own", async () => {
    const strict = await createJobType(api.platform, { input_schema: { type: "string" } });
    const disabled = await createJobType(api.platform, { enabled: false });
    const dear = await createJobType(api.platform, { standard_cost_cents: 1_000_000 });
    const { status, body, headers } = await batch([
      job({ priority: 0 }),
      job({ priority: 9 }),
      "nonsense",
      null,
      { ...job(), input: 1 },
      { job_type_id },
      job({ customer_id: uuidv7() }),
      job({ job_type_id: strict }),
      job({ job_type_id: disabled }),
      job({ job_type_id: uuidv7() }),
      job({ job_type_id: dear }),
      job({ input_data: "\u0000" }),
      job({ priority: 2 }),
    ]);
    expect(status).toBe(200);
    const of = (result: {
      status: number;
      job?: { priority: number };
      problem?: { code: string; errors?: unknown };
    }) =>
      result.job
        ? [result.status, result.job.priority]
        : [result.status, result.problem?.code, result.problem?.errors];
    expect(body.results.map(of)).toEqual([
      [201, 0],
      [
        422,
        "validation_failed",
        [{ pointer: "/priority", message: "must be 0 (high), 1 (medium) or 2 (low)" }],
      ],
      [422, "validation_failed", [{ pointer: "", message: "must be a JSON object" }]],
      [422, "validation_failed", [{ pointer: "", message: "must be a JSON object" }]],
      [
        422,
        "validation_failed",
        [{ pointer: "/input", message: expect.stringContaining("is not a known field") }],
      ],
      [422, "validation_failed", [{ pointer: "/input_data", message: "is required" }]],
      [404, "not_found", undefined],
      [422, "input_invalid", [{ pointer: "/input_data", message: "must be string" }]],
      [422, "job_type_disabled", [{ pointer: "/job_type_id", message: "is disabled" }]],
      [422, "unknown_job_type", [{ pointer: "/job_type_id", message: "is not known" }]],
      [402, "insufficient_funds", undefined],
      [422, "validation_failed", [{ pointer: "/input_data", message: expect.stringContaining("U+0000") }]],
      [201, 2],
    ]);
    expect(body.results[1].problem.request_id).toBe(headers["request-id"]);
    expect(await held()).toBe(20);
  });

  test("of 1000 for several customers stores 1000", async () => {
    const other = await createCustomer(api.platform);
    const jobs = Array.from({ length: 1_000 }, (_, n) =>
      job({ customer_id: n % 2 ? other : customer_id, input_data: n }),
    );
    const { body } = await api.ask("POST", "/jobs/batch", { body: { jobs } });
    expect(body.results.map((result: { job: { input_data: number } }) => result.job.input_data)).toEqual(
      jobs.map((_, n) => n),
    );
    expect(await held()).toBe(5_000);
  });

  test("stores what there is money for, from the first on", async () => {
    customer_id = await createCustomer(api.platform, 25);
    key = (await api.ask("POST", `/customers/${customer_id}/api-keys`)).body.api_key;
    const { body } = await batch([job(), job(), job(), job()]);
    expect(body.results.map((result: { status: number }) => result.status)).toEqual([201, 201, 402, 402]);
  });

  test.each([
    ["no jobs", {}, "/jobs", "is required"],
    ["an empty list", { jobs: [] }, "/jobs", "must have at least 1 item"],
    [
      "1001 jobs",
      { jobs: Array.from({ length: 1_001 }, () => ({})) },
      "/jobs",
      "must have at most 1000 items",
    ],
    ["an object of jobs", { jobs: { job_type_id: "x" } }, "/jobs", "must be an array"],
    ["a bare list", [], "", "must be a JSON object"],
    ["another field", { jobs: [{}], job: {} }, "/job", 'is not a known field; did you mean "jobs"?'],
  ])("fails as a whole with %s", async (_what, body, pointer, message) => {
    const answer = await api.ask("POST", "/jobs/batch", { key, body });
    expect(answer.status).toBe(422);
    expect(answer.body.errors).toEqual([{ pointer, message }]);
  });
});
