import { beforeAll, describe, expect, test } from "vitest";
import { atTheEnd } from "../../../../test/support/cleanup.ts";
import { openStream, type OpenStream } from "../../../../test/support/event-stream.ts";
import { PATIENCE_MS } from "../../../../test/support/patience.ts";
import { runSql } from "../../../../test/support/sql.ts";
import { createCustomer, createJobType, createTestPlatform } from "../../../../test/support/test-platform.ts";
import { startTestRunner } from "../../../../test/support/test-runner.ts";
import { waitFor } from "../../../../test/support/wait-for.ts";
import { FEED_DAYS } from "../../../core/model/limits.ts";
import { cancelJob } from "../../../core/use-cases/cancel-job.ts";
import { defineProcessor } from "../../../processors/sdk/define-processor.ts";
import { ADMIN_KEY, createTestApi, type TestApi } from "../../test-api.ts";

let api: TestApi;
let job_type_id: string;
let url: string;

interface Tenant {
  readonly id: string;
  readonly key: string;
}

const tenant = async (): Promise<Tenant> => {
  const id = await createCustomer(api.platform);
  return { id, key: (await api.ask("POST", `/customers/${id}/api-keys`)).body.api_key };
};

beforeAll(async () => {
  api = await createTestApi();
  job_type_id = await createJobType(api.platform, { processing_logic_id: "fails", max_attempts: 1 });
  const runner = await createTestPlatform({ databaseUrl: api.databaseUrl });
  const fails = defineProcessor({
    id: "fails",
    run(input, context) {
      context.log.info({}, "begun");
      if (input === "fails") throw new Error("no");
      return 1;
    },
  });
  startTestRunner(runner, [fails]);
  const upkeep = setInterval(() => void runner.platform.figures.countEnded(), 50);
  atTheEnd(async () => clearInterval(upkeep));
  url = await api.api.listen({ host: "127.0.0.1", port: 0 });
});

const submit = async ({ key }: Tenant, input_data: unknown = 1, run_at?: string): Promise<string> =>
  (await api.ask("POST", "/jobs", { key, body: { job_type_id, input_data, run_at } })).body.id;

const open = async (key: string, query = "", headers?: Record<string, string>): Promise<OpenStream> => {
  const stream = await openStream(`${url}/events${query}`, key, headers);
  await waitFor(() => stream.lastId() !== "", { describe: "the place where the stream begins" });
  return stream;
};

const doneIn = ({ events }: OpenStream): string[] =>
  events.flatMap(({ type, data }) => (type === "done" ? [data.job_id] : []));

/** All events of a list, page by page. */
async function listAll(key: string, query = "", after = ""): Promise<{ ids: string[]; cursor: string }> {
  const ids: string[] = [];
  let cursor = after;
  for (;;) {
    const { status, body } = await api.ask("GET", `/events?limit=2${query}${cursor && `&after=${cursor}`}`, {
      key,
    });
    expect(status).toBe(200);
    ids.push(...body.data.map((event: { job_id: string }) => event.job_id));
    if (body.next_cursor === cursor || body.data.length === 0) return { ids, cursor: body.next_cursor };
    cursor = body.next_cursor;
  }
}

describe("GET /events as JSON", () => {
  test("has the end of each job once, as its own events have it, and goes on behind next_cursor", async () => {
    const one = await tenant();
    expect((await listAll(one.key)).ids).toEqual([]);
    const made = [await submit(one), await submit(one, "fails"), await submit(one)];
    await waitFor(async () => (await listAll(one.key)).ids.length === 3, { describe: "three events" });
    const first = await listAll(one.key);
    expect(first.ids.toSorted()).toEqual(made.toSorted());
    const { body } = await api.ask("GET", "/events", { key: one.key });
    for (const { job_id, customer_id, job_type_id: typeId, ...event } of body.data) {
      expect([customer_id, typeId]).toEqual([one.id, job_type_id]);
      const own = await api.ask("GET", `/jobs/${job_id}/events`, { key: one.key });
      expect(own.body.data.at(-1)).toEqual(event);
    }
    expect((await listAll(one.key, "", first.cursor)).ids).toEqual([]);
    const later = await submit(one);
    await waitFor(async () => (await listAll(one.key, "", first.cursor)).ids.length === 1, {
      describe: "the later event",
    });
    expect((await listAll(one.key, "", first.cursor)).ids).toEqual([later]);
  });

  test("shows a customer no others, and an operator all or one customer's", async () => {
    const [one, other] = [await tenant(), await tenant()];
    const [mine, theirs] = [await submit(one), await submit(other)];
    await waitFor(async () => (await listAll(other.key)).ids.length === 1, { describe: "the other event" });
    await waitFor(async () => (await listAll(one.key)).ids.length === 1, { describe: "the own event" });
    expect((await listAll(one.key)).ids).toEqual([mine]);
    expect((await listAll(ADMIN_KEY, `&customer_id=${other.id}`)).ids).toEqual([theirs]);
    expect((await listAll(ADMIN_KEY)).ids).toEqual(expect.arrayContaining([mine, theirs]));
    expect((await api.ask("GET", `/events?customer_id=${other.id}`, { key: one.key })).status).toBe(404);
  });

  test("pages through a batch of more jobs than a row has, and leaves out those that retention deleted", async () => {
    const one = await tenant();
    const jobs = Array.from({ length: 230 }, () => ({ job_type_id, input_data: 1 }));
    await api.ask("POST", "/jobs/batch", { key: one.key, body: { jobs } });
    await waitFor(async () => (await listAll(one.key)).ids.length === jobs.length, {
      describe: "all events",
      timeoutMs: PATIENCE_MS,
    });
    const { ids } = await listAll(one.key);
    expect(new Set(ids).size).toBe(jobs.length);
    const { rows } = await runSql<{ most: number }>(
      api.databaseUrl,
      `SELECT max(cardinality(job_ids)) AS most FROM event_feed`,
    );
    expect(rows[0]?.most).toBeLessThanOrEqual(100);
    const [gone = ""] = ids;
    await runSql(api.databaseUrl, `DELETE FROM job_log WHERE job_id = '${gone}'`);
    await runSql(api.databaseUrl, `DELETE FROM jobs WHERE id = '${gone}'`);
    const { body } = await api.ask("GET", "/events?limit=1000", { key: one.key });
    expect(body.data.map((event: { job_id: string }) => event.job_id)).toEqual(ids.slice(1));
  });
});

describe("GET /events as a stream", () => {
  test("tells at once which jobs changed, and then how each ended", async () => {
    const one = await tenant();
    const stream = await open(one.key);
    const job = await submit(one);
    const changes = () => stream.events.filter(({ type }) => type === "changed");
    await waitFor(() => changes().some(({ data }) => data.job_ids.includes(job)), { describe: "the change" });
    await waitFor(() => doneIn(stream).includes(job), { describe: "the end" });
    const done = stream.events.find(({ type }) => type === "done");
    expect(done?.data).toMatchObject({
      job_id: job,
      customer_id: one.id,
      status: "succeeded",
      cost_cents: 10,
    });
    for (const { id: none } of changes()) expect(none).toBeUndefined();
    stream.close();
  });

  test("tells of new jobs that wait", async () => {
    const one = await tenant();
    const stream = await open(one.key);
    await submit(one, 1, "2030-01-01T00:00:00Z");
    await waitFor(() => stream.events.some(({ data }) => data.others === true), { describe: "new jobs" });
    stream.close();
  });

  test("goes on behind Last-Event-ID: nothing is missed or repeated", async () => {
    const one = await tenant();
    const seen: string[] = [];
    const made: string[] = [];
    let last: string | undefined;
    for (let round = 0; round < 3; round += 1) {
      const stream = await open(one.key, "", last === undefined ? {} : { "last-event-id": last });
      made.push(await submit(one));
      await waitFor(() => seen.length + doneIn(stream).length === made.length, { describe: "the end" });
      seen.push(...doneIn(stream));
      last = stream.lastId();
      stream.close();
      await stream.ended;
      // While nobody reads.
      made.push(await submit(one));
    }
    const stream = await open(one.key, "", { "last-event-id": last ?? "" });
    await waitFor(() => seen.length + doneIn(stream).length === made.length, { describe: "the last end" });
    seen.push(...doneIn(stream));
    expect(seen.toSorted()).toEqual(made.toSorted());
    stream.close();
  });

  test("a cancel is told, and others' jobs are not", async () => {
    const [one, other] = [await tenant(), await tenant()];
    const job = await submit(one, 1, "2030-01-01T00:00:00Z");
    const [stream, foreign, all, some] = [
      await open(one.key),
      await open(other.key),
      await open(ADMIN_KEY),
      await open(ADMIN_KEY, `?customer_id=${one.id}`),
    ];
    await cancelJob(api.platform, job);
    for (const reader of [stream, all, some])
      await waitFor(() => doneIn(reader).includes(job), { describe: "the cancel" });
    // Whatever came to the others would have come to this one by now.
    const mark = await submit(other);
    await waitFor(() => doneIn(foreign).includes(mark), { describe: "the own event" });
    expect(doneIn(foreign)).toEqual([mark]);
    expect(JSON.stringify(foreign.events)).not.toContain(job);
    expect(doneIn(some)).not.toContain(mark);
    for (const reader of [stream, foreign, all, some]) reader.close();
  });

  test("any number of streams are fed by one connection", async () => {
    const one = await tenant();
    const streams = await Promise.all(Array.from({ length: 100 }, () => open(one.key)));
    const job = await submit(one);
    await waitFor(() => streams.every((stream) => doneIn(stream).includes(job)), { describe: "all readers" });
    const { rows } = await runSql<{ listening: number }>(
      api.databaseUrl,
      "SELECT count(*)::int AS listening FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'iep listen'",
    );
    expect(rows[0]?.listening).toBeLessThanOrEqual(2);
    for (const stream of streams) stream.close();
  });
});

describe("when a connection is lost", () => {
  test("the one that listens is opened again, and what ended meanwhile is told", async () => {
    const one = await tenant();
    const job = await submit(one, 1, "2030-01-01T00:00:00Z");
    const stream = await open(one.key);
    const { rows } = await runSql<{ ended: number }>(
      api.databaseUrl,
      "SELECT count(pg_terminate_backend(pid))::int AS ended FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'iep listen'",
    );
    expect(rows[0]?.ended).toBeGreaterThan(0);
    await cancelJob(api.platform, job);
    await waitFor(() => doneIn(stream).includes(job), { describe: "the end", timeoutMs: 14_000 });
    stream.close();
  });
});

describe("a wrong Last-Event-ID", () => {
  const cursor = (text: string): string => Buffer.from(text).toString("base64url");
  const dayMicros = 24 * 60 * 60 * 1_000_000;

  test.each([
    ["rubbish", "is not the id of an event"],
    ["", "is not the id of an event"],
    [cursor("f1 all -1 0"), "is not the id of an event"],
    [cursor("f1 all 0 1000"), "is not the id of an event"],
    ["x".repeat(201), "is not a cursor"],
  ])("is refused: %s", async (id, message) => {
    for (const accept of ["application/json", "text/event-stream"]) {
      const { status, body } = await api.ask("GET", "/events", { headers: { "last-event-id": id, accept } });
      expect([status, body.errors[0].pointer]).toEqual([422, "/last-event-id"]);
      expect(body.errors[0].message).toContain(message);
    }
  });

  test("of another customer, of another database, and one that is too old, are refused", async () => {
    const [one, other] = [await tenant(), await tenant()];
    const ask = async (text: string) => {
      const { status, body } = await api.ask("GET", `/events?after=${cursor(text)}`, { key: one.key });
      return [status, status === 200 ? "" : body.errors[0].message];
    };
    const { rows } = await runSql<{ newest: number }>(
      api.databaseUrl,
      "SELECT max(seq) AS newest FROM event_feed",
    );
    const newest = Number(rows[0]?.newest);
    expect(await ask(`f1 ${one.id} ${newest} 1`)).toEqual([200, ""]);
    expect(await ask(`f1 ${other.id} ${newest} 1`)).toEqual([
      422,
      expect.stringContaining("events of another customer"),
    ]);
    expect(await ask(`f1 all ${newest} 1`)).toEqual([422, expect.stringContaining("another customer")]);
    expect(await ask(`f1 ${one.id} ${newest + dayMicros} 1`)).toEqual([
      422,
      expect.stringContaining("before the database was restored"),
    ]);
    expect(await ask(`f1 ${one.id} ${newest - FEED_DAYS * dayMicros - dayMicros} 1`)).toEqual([
      422,
      expect.stringContaining("older than the 7 days"),
    ]);
  });
});

test("stopping the API ends the streams with a comment, and a reader can go on elsewhere", async () => {
  const one = await tenant();
  const stream = await open(one.key);
  const job = await submit(one);
  await waitFor(() => doneIn(stream).includes(job), { describe: "the end" });
  const before = stream.lastId();
  await api.api.close();
  await stream.ended;
  expect(stream.text()).toContain(": this server stops: connect again\n\n");
  const other = await createTestApi({ databaseUrl: api.databaseUrl });
  const { status, body } = await other.ask("GET", `/events?after=${before}`, { key: one.key });
  expect([status, body.data]).toEqual([200, []]);
});
