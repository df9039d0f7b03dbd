import { beforeAll, describe, expect, test } from "vitest";
import { v7 as uuidv7 } from "uuid";
import { atTheEnd } from "../../../../test/support/cleanup.ts";
import { openStream, type OpenStream } from "../../../../test/support/event-stream.ts";
import { createGate, type Gate } from "../../../../test/support/gate.ts";
import { createCustomer, createJobType, createTestPlatform } from "../../../../test/support/test-platform.ts";
import { startTestRunner } from "../../../../test/support/test-runner.ts";
import { runSql } from "../../../../test/support/sql.ts";
import { waitFor } from "../../../../test/support/wait-for.ts";
import { cancelJob } from "../../../core/use-cases/cancel-job.ts";
import { defineProcessor } from "../../../processors/sdk/define-processor.ts";
import { createTestApi, type TestApi } from "../../test-api.ts";

let api: TestApi;
let key: string;
let foreign: string;
let job_type_id: string;
let url: string;
const gates = new Map<string, Gate>();

const keyOf = async (customer_id: string): Promise<string> =>
  (await api.ask("POST", `/customers/${customer_id}/api-keys`)).body.api_key;

beforeAll(async () => {
  api = await createTestApi();
  key = await keyOf(await createCustomer(api.platform));
  foreign = await keyOf(await createCustomer(api.platform));
  job_type_id = await createJobType(api.platform, { processing_logic_id: "talks", max_attempts: 2 });
  const runner = await createTestPlatform({ databaseUrl: api.databaseUrl });
  const talks = defineProcessor({
    id: "talks",
    async run(_input, context) {
      context.log.info({}, `begun\n${context.attempt}`);
      context.progress(0.5, "half");
      await gates.get(context.job.id)?.opened;
      if (context.attempt === 1) throw new Error("no");
      return "done";
    },
  });
  startTestRunner(runner, [talks]);
  const upkeep = setInterval(() => void runner.platform.readyQueue.refill(), 200);
  atTheEnd(async () => clearInterval(upkeep));
  url = await api.api.listen({ host: "127.0.0.1", port: 0 });
});

const submit = async (run_at?: string): Promise<string> => {
  const { body } = await api.ask("POST", "/jobs", { key, body: { job_type_id, input_data: {}, run_at } });
  return body.id;
};

const open = async (id: string, headers?: Record<string, string>): Promise<OpenStream> =>
  await openStream(`${url}/jobs/${id}/events`, key, headers);

const WHOLE = [
  "1 queued",
  "2 started",
  "3 log",
  "4 progress",
  "5 attempt_failed",
  "6 started",
  "7 log",
  "8 progress",
  "9 done",
];
const shown = (events: readonly { id?: string | number | undefined; type: string }[]) =>
  events.map(({ id, type }) => `${id} ${type}`);

describe("GET /jobs/{id}/events", () => {
  test("streams the events as they come, and ends after done", async () => {
    const stream = await open(await submit());
    expect(stream.response.headers.get("content-type")).toBe("text/event-stream");
    await stream.ended;
    expect(shown(stream.events)).toEqual(WHOLE);
    expect(stream.events[2]?.data.message).toBe("begun\n1");
  });

  test("as JSON, has the same events under the same ids", async () => {
    const id = await submit();
    await (
      await open(id)
    ).ended;
    const { body } = await api.ask("GET", `/jobs/${id}/events`, { key });
    expect(shown(body.data)).toEqual(WHOLE);
    expect(body.data[4]).toMatchObject({ attempt: 1, error: { code: "attempt_failed", message: "no" } });
    expect(body.data[8]).toMatchObject({ status: "succeeded", cost_cents: 10, error: null });
    const some = await api.ask("GET", `/jobs/${id}/events?after=3&limit=2`, { key });
    expect(shown(some.body.data)).toEqual(WHOLE.slice(3, 5));
    const later = await api.ask("GET", `/jobs/${id}/events`, { key, headers: { "last-event-id": "8" } });
    expect(shown(later.body.data)).toEqual(["9 done"]);
  });

  test("goes on behind Last-Event-ID", async () => {
    const id = await submit();
    const gate = createGate();
    gates.set(id, gate);
    const first = await open(id);
    await waitFor(() => first.events.length >= 4, { describe: "four events" });
    first.close();
    gate.open();
    const second = await open(id, { "last-event-id": "4" });
    await second.ended;
    expect(shown(second.events)).toEqual(WHOLE.slice(4));
    const over = await open(id, { "last-event-id": "9" });
    await over.ended;
    expect(over.events).toEqual([]);
  });

  test("comes while the attempt runs, and hears of a cancel", async () => {
    const id = await submit();
    gates.set(id, createGate());
    const stream = await open(id);
    await waitFor(() => stream.events.some(({ type }) => type === "progress"), { describe: "progress" });
    await cancelJob(api.platform, id);
    await stream.ended;
    expect(stream.events.at(-1)).toMatchObject({ type: "done", data: { status: "cancelled" } });
    gates.get(id)?.open();
  });

  test("any number of streams are fed by one connection, and leave nothing behind", async () => {
    const id = await submit("2030-01-01T00:00:00Z");
    const streams = await Promise.all(Array.from({ length: 100 }, () => open(id)));
    await waitFor(() => streams.every(({ events }) => events.length === 1), { describe: "the first event" });
    const { rows } = await runSql<{ listening: number }>(
      api.databaseUrl,
      "SELECT count(*)::int AS listening FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'iep listen'",
    );
    expect(rows[0]?.listening).toBeLessThanOrEqual(2);
    await cancelJob(api.platform, id);
    await Promise.all(streams.map(({ ended }) => ended));
    for (const { events } of streams) expect(shown(events)).toEqual(["1 queued", "2 done"]);
  });

  test("another customer's job, and one that is not there, answer 404", async () => {
    const id = await submit();
    for (const accept of ["application/json", "text/event-stream"]) {
      expect((await api.ask("GET", `/jobs/${id}/events`, { key: foreign, headers: { accept } })).status).toBe(
        404,
      );
      expect((await api.ask("GET", `/jobs/${uuidv7()}/events`, { key, headers: { accept } })).status).toBe(
        404,
      );
    }
    expect((await api.ask("GET", `/jobs/${id}/events`)).status).toBe(200);
  });

  test.each(["-1", "x", "1.5", "1e20"])("a wrong Last-Event-ID is refused: %s", async (last) => {
    const id = await submit();
    const { status, body } = await api.ask("GET", `/jobs/${id}/events`, {
      key,
      headers: { "last-event-id": last },
    });
    expect(status).toBe(422);
    expect(JSON.stringify(body.errors)).toContain("last-event-id");
  });

  test("stopping the API ends the streams with a comment", async () => {
    const stream = await open(await submit("2030-01-01T00:00:00Z"));
    await waitFor(() => stream.events.length === 1, { describe: "the first event" });
    const since = performance.now();
    await api.api.close();
    await stream.ended;
    expect(stream.text()).toContain(": this server stops: connect again\n\n");
    expect(performance.now() - since).toBeLessThan(8_000);
  });
});
