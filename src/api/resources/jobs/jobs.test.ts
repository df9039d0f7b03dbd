import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { v7 as uuidv7 } from "uuid";
import {
  brokenPromises,
  createCustomer,
  createJobType,
  createRunner,
} from "../../../../test/support/test-platform.ts";
import { createTestApi, type TestApi } from "../../test-api.ts";

let api: TestApi;
let job_type_id: string;
let customer_id: string;
let key: string;

beforeAll(async () => {
  api = await createTestApi();
  job_type_id = await createJobType(api.platform, { standard_cost_cents: 10, max_attempts: 4 });
});

beforeEach(async () => {
  customer_id = await createCustomer(api.platform, 100_000);
  key = (await api.ask("POST", `/customers/${customer_id}/api-keys`)).body.api_key;
});

const submit = (job: object) =>
  api.ask("POST", "/jobs", { key, body: { job_type_id, input_data: {}, ...job } });
const held = async () =>
  (await api.ask("GET", `/customers/${customer_id}/wallet`)).body.pending_charges_cents;

describe("POST /jobs", () => {
  test("answers the stored job with its price held, and where it is", async () => {
    const { status, body, headers } = await submit({ input_data: { text: "ä🐎\u2028" } });
    expect(status).toBe(201);
    expect(headers["location"]).toBe(`/jobs/${body.id}`);
    expect(body).toEqual({
      id: expect.any(String),
      customer_id,
      job_type_id,
      status: "pending",
      priority: 1,
      input_data: { text: "ä🐎\u2028" },
      output_data: null,
      error: null,
      errors: [],
      estimated_cost_cents: 10,
      cost_cents: null,
      attempt: 0,
      excused_attempts: 0,
      max_attempts: 4,
      retry_of: null,
      run_at: body.created_at,
      created_at: expect.any(String),
      started_at: null,
      completed_at: null,
      runner_id: null,
      progress: null,
      waiting_for: "runner",
    });
    expect((await api.ask("GET", `/jobs/${body.id}`, { key })).body).toEqual(body);
    expect(await held()).toBe(10);
  });

  test.each([
    [null],
    [false],
    [0],
    [""],
    ["text"],
    [[]],
    [[1, [2, { a: null }]]],
    [{ "": { constructor: 1 } }],
    [-0.5e-7],
    ["\\u0000"],
  ])("takes the input %j as it is", async (input_data) => {
    const { status, body } = await submit({ input_data });
    expect(status).toBe(201);
    expect((await api.ask("GET", `/jobs/${body.id}`)).body.input_data).toEqual(input_data);
  });

  test.each([0, 1, 2])("takes priority %i", async (priority) => {
    expect((await submit({ priority })).body.priority).toBe(priority);
  });

  test("takes a time in any offset and answers it in UTC with its microseconds", async () => {
    const year = new Date().getUTCFullYear() + 1;
    const { body } = await submit({ run_at: `${year}-03-04T01:02:03.1234567+05:30` });
    expect(body.run_at).toBe(`${year}-03-03T19:32:03.123456Z`);
    expect(body.status).toBe("pending");
  });

  test("runs at once what is to run in the past, and not yet what is to run later", async () => {
    const runner_id = await createRunner(api.platform);
    const past = (await submit({ run_at: "1999-12-31T23:59:59Z" })).body.id;
    const later = (await submit({ run_at: new Date(Date.now() + 3_600_000).toISOString() })).body.id;
    const claimed = await api.platform.jobs.claim({ runner_id, ids: [past, later] });
    expect(claimed.map(({ id }) => id)).toEqual([past]);
  });

  test("with the admin key needs to know for whom", async () => {
    const nobody = await api.ask("POST", "/jobs", { body: { job_type_id, input_data: 1 } });
    expect(nobody.status).toBe(422);
    expect(nobody.body.errors).toEqual([
      { pointer: "/customer_id", message: "is required with the admin key" },
    ]);
    const somebody = await api.ask("POST", "/jobs", {
      body: { customer_id: customer_id.toUpperCase(), job_type_id, input_data: 1 },
    });
    expect(somebody.body.customer_id).toBe(customer_id);
  });

  test("refuses what the job type's schema does not take, pointing at it", async () => {
    const strict = await createJobType(api.platform, {
      input_schema: {
        type: "object",
        required: ["text"],
        properties: { text: { type: "string" }, "a/b": { type: "number" } },
      },
    });
    const { status, body } = await submit({ job_type_id: strict, input_data: { text: 5, "a/b": "x" } });
    expect([status, body.code]).toEqual([422, "input_invalid"]);
    expect(body.errors).toHaveLength(2);
    expect(body.errors).toEqual(
      expect.arrayContaining([
        { pointer: "/input_data/text", message: "must be string" },
        { pointer: "/input_data/a~1b", message: "must be number" },
      ]),
    );
    expect(await held()).toBe(0);
  });

  test("without enough money holds nothing and says what is missing", async () => {
    const dear = await createJobType(api.platform, { standard_cost_cents: 99_995 });
    await submit({});
    const { status, body } = await submit({ job_type_id: dear });
    expect(status).toBe(402);
    expect(body).toMatchObject({
      type: "/docs/errors/insufficient_funds",
      code: "insufficient_funds",
      retryable: false,
      required_cents: 99_995,
      available_cents: 99_990,
      pending_charges_cents: 10,
      current_balance_cents: 100_000,
    });
    expect(await held()).toBe(10);
  });

  test("at once, with money for ten, takes exactly ten of 320", async () => {
    const price = 37;
    const type = await createJobType(api.platform, { standard_cost_cents: price });
    customer_id = await createCustomer(api.platform, 10 * price + 36);
    const answers = await Promise.all(
      Array.from({ length: 320 }, () =>
        api.ask("POST", "/jobs", { body: { customer_id, job_type_id: type, input_data: null } }),
      ),
    );
    const count = (status: number) => answers.filter((answer) => answer.status === status).length;
    expect([count(201), count(402)]).toEqual([10, 310]);
    expect(await held()).toBe(10 * price);
    expect(await api.platform.jobs.list({ customer_id }, { limit: 500 })).toHaveLength(10);
    expect(await brokenPromises(api.platform)).toEqual([]);
  });
});

describe("GET /jobs", () => {
  test("filters, newest first, page by page", async () => {
    const other = await createJobType(api.platform);
    const ids: string[] = [];
    for (let n = 0; n < 6; n += 1) {
      ids.push((await submit({ priority: n % 3, job_type_id: n < 3 ? job_type_id : other })).body.id);
    }
    const list = async (query: string): Promise<number[]> => {
      const { body } = await api.ask("GET", `/jobs?${query}`, { key });
      return body.data.map((job: { id: string }) => ids.indexOf(job.id));
    };
    expect(await list("")).toEqual([5, 4, 3, 2, 1, 0]);
    expect(await list("priority=0")).toEqual([3, 0]);
    expect(await list(`job_type_id=${other}&priority=2`)).toEqual([5]);
    expect(await list("status=pending&limit=2")).toEqual([5, 4]);
    expect(await list("status=succeeded")).toEqual([]);
    const { next_cursor } = (await api.ask("GET", "/jobs?limit=4", { key })).body;
    expect(await list(`cursor=${next_cursor}`)).toEqual([1, 0]);
    const { created_at } = (await api.ask("GET", `/jobs/${ids[2]}`)).body;
    expect(await list(`created_after=${created_at}`)).toEqual([5, 4, 3]);
    expect(await list(`created_after=${encodeURIComponent(created_at.replace("Z", "+00:00"))}`)).toEqual([
      5, 4, 3,
    ]);
  });

  test("with the admin key lists everybody's, or one customer's", async () => {
    // Read again: a submission tells from its cache whether a runner serves the type.
    const { body: job } = await api.ask("GET", `/jobs/${(await submit({})).body.id}`);
    expect((await api.ask("GET", "/jobs?limit=1")).body.data).toEqual([job]);
    expect((await api.ask("GET", `/jobs?customer_id=${customer_id}`)).body.data).toEqual([job]);
    expect((await api.ask("GET", `/jobs?customer_id=${uuidv7()}`)).body).toEqual({
      data: [],
      next_cursor: null,
    });
  });

  test.each([
    ["status=done", "/status", "must be one of pending, running, succeeded, failed, cancelled"],
    ["priority=high", "/priority", "must be 0 (high), 1 (medium) or 2 (low)"],
    ["priority=", "/priority", "must be 0 (high), 1 (medium) or 2 (low)"],
    ["job_type_id=5", "/job_type_id", "must be a UUID"],
    [
      "created_after=yesterday",
      "/created_after",
      "must be a time such as 2026-11-23T21:06:00Z (RFC 3339, with an offset)",
    ],
    ["created_after=0000-01-01T00:00:00Z", "/created_after", "must be between 1970 and 9999"],
    ["stauts=pending", "/stauts", 'is not a known field; did you mean "status"?'],
  ])("refuses ?%s", async (query, pointer, message) => {
    const { status, body } = await api.ask("GET", `/jobs?${query}`, { key });
    expect(status).toBe(422);
    expect(body.errors).toEqual([{ pointer, message }]);
  });
});

test("a job that does not exist is not found, and an id that is none is named", async () => {
  expect((await api.ask("GET", `/jobs/${uuidv7()}`, { key })).body.code).toBe("not_found");
  expect((await api.ask("GET", "/jobs/42", { key })).body.errors).toEqual([
    { pointer: "/id", message: "must be a UUID" },
  ]);
});
