import { beforeAll, expect, test } from "vitest";
import { v7 as uuidv7 } from "uuid";
import { createCustomer, createJobType, createRunner } from "../../../../test/support/test-platform.ts";
import type { LogLevel } from "../../../core/model/job-log.ts";
import { createTestApi, type TestApi } from "../../test-api.ts";

let api: TestApi;
let key: string;
let foreign: string;
let id: string;

const keyOf = async (customer_id: string): Promise<string> =>
  (await api.ask("POST", `/customers/${customer_id}/api-keys`)).body.api_key;

beforeAll(async () => {
  api = await createTestApi();
  const customer_id = await createCustomer(api.platform);
  key = await keyOf(customer_id);
  foreign = await keyOf(await createCustomer(api.platform));
  const job_type_id = await createJobType(api.platform, { max_attempts: 5 });
  const runner_id = await createRunner(api.platform);
  id = (await api.ask("POST", "/jobs", { key, body: { job_type_id, input_data: {} } })).body.id;
  const at = new Date().toISOString();
  for (const attempt of [1, 2]) {
    await api.platform.jobs.claim({ runner_id, ids: [id] });
    const line = (seq: number, level: LogLevel, message: string) => ({
      id,
      attempt,
      seq,
      at,
      level,
      message,
    });
    await api.platform.jobLog.write([
      line(1, "info", `begun ${attempt}`),
      line(2, "warn", "<b>&\u202e"),
      { id, attempt, seq: 3, at, fraction: attempt / 4, message: undefined },
      line(4, "error", "bad"),
    ]);
    if (attempt === 1) await api.platform.jobs.settle([{ id, attempt, kind: "released" }]);
  }
});

const logs = async (query = "") => {
  const { body } = await api.ask("GET", `/jobs/${id}/logs${query}`, { key });
  return body.data.map((line: { attempt: number; message: string }) => `${line.attempt} ${line.message}`);
};

test("the lines of all attempts, oldest first, as they were told", async () => {
  const { body } = await api.ask("GET", `/jobs/${id}/logs`, { key });
  expect(body.next_cursor).toBeNull();
  expect(body.data).toHaveLength(6);
  expect(body.data[1]).toEqual({ at: expect.any(String), attempt: 1, level: "warn", message: "<b>&\u202e" });
  expect(await logs()).toEqual(["1 begun 1", "1 <b>&\u202e", "1 bad", "2 begun 2", "2 <b>&\u202e", "2 bad"]);
});

test("pages follow each other without a gap", async () => {
  const seen: string[] = [];
  for (let cursor = ""; ;) {
    const { body } = await api.ask("GET", `/jobs/${id}/logs?limit=2${cursor}`, { key });
    seen.push(...body.data.map((line: { message: string }) => line.message));
    if (body.next_cursor === null) break;
    cursor = `&cursor=${body.next_cursor}`;
  }
  expect(seen).toHaveLength(6);
  expect(seen.at(3)).toBe("begun 2");
});

test("by attempt, and by level with those above it", async () => {
  expect(await logs("?attempt=2")).toEqual(["2 begun 2", "2 <b>&\u202e", "2 bad"]);
  expect(await logs("?level=error")).toEqual(["1 bad", "2 bad"]);
  expect(await logs("?level=warn&attempt=1")).toEqual(["1 <b>&\u202e", "1 bad"]);
  expect(await logs("?attempt=9")).toEqual([]);
});

test("the job has the progress of its latest attempt", async () => {
  const { body } = await api.ask("GET", `/jobs/${id}`, { key });
  expect(body.progress).toEqual({ fraction: 0.5, message: null, at: expect.any(String) });
  const list = await api.ask("GET", "/jobs", { key });
  expect(list.body.data[0].progress).toEqual(body.progress);
});

test("another customer's job, and one that is not there, answer 404", async () => {
  expect((await api.ask("GET", `/jobs/${id}/logs`, { key: foreign })).status).toBe(404);
  expect((await api.ask("GET", `/jobs/${uuidv7()}/logs`, { key })).status).toBe(404);
  expect((await api.ask("GET", `/jobs/${id}/logs`)).status).toBe(200);
});

test.each([
  ["?level=loud", "/level"],
  ["?attempt=0", "/attempt"],
  ["?attempt=9999999999", "/attempt"],
  ["?cursor=MTIz", "/cursor"],
  ["?limit=201", "/limit"],
])("a wrong query is named: %s", async (query, pointer) => {
  const { status, body } = await api.ask("GET", `/jobs/${id}/logs${query}`, { key });
  expect(status).toBe(422);
  expect(body.errors[0].pointer).toBe(pointer);
});
