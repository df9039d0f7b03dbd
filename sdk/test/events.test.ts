import { expect, test } from "vitest";
import { ConnectionError, createClient, NotFoundError, UnexpectedAnswerError } from "../src/create-client.ts";
import { readEvents } from "../src/read-events.ts";
import { html, JOB_ID, jobOf, json, problem, reset, startFaultyServer, stream } from "./faulty-server.ts";

const event = (id: number, type: string, more: object = {}): string =>
  `id: ${id}\nevent: ${type}\ndata: ${JSON.stringify({ id, type, at: null, attempt: 1, ...more })}\n\n`;
const QUEUED = event(1, "queued");
const STARTED = event(2, "started");
const HALFWAY = event(3, "progress", { fraction: 0.5, message: "halb – ½" });
const DONE = event(4, "done", { status: "succeeded", cost_cents: 5, error: null });

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

const jobsAt = (baseUrl: string, retries = 2) => createClient({ baseUrl, apiKey: "iep_key", retries }).jobs;

test("after each break it goes on behind the last event: none is missed, none comes twice", async () => {
  const server = await startFaultyServer(
    // Cut within an event.
    stream([QUEUED, STARTED.slice(0, 20)], (response) => response.socket?.destroy()),
    problem("unavailable", 503, { headers: { "retry-after": "0" } }),
    reset,
    // Ends as a server that stops does, after an event that is known already.
    stream(["retry: 2000\n\n", QUEUED, STARTED, HALFWAY, ": this server stops\n\n"], (response) =>
      response.end(),
    ),
    stream([DONE], () => undefined),
  );
  const events = await all(jobsAt(server.url, 5).events(JOB_ID));
  expect(events.map(({ id, type }) => `${id} ${type}`)).toEqual([
    "1 queued",
    "2 started",
    "3 progress",
    "4 done",
  ]);
  expect(server.requests.map(({ headers }) => headers["last-event-id"])).toEqual(["0", "1", "1", "1", "3"]);
  expect(server.requests[0]?.headers.accept).toBe("text/event-stream");
});

test.each(["\n", "\r\n", "\r"])(
  "a stream may be cut anywhere: bytes one by one, lines that end with %j",
  async (end) => {
    const text = (QUEUED + HALFWAY + DONE + "data: two\ndata:  lines\ndata\n\n").replaceAll("\n", end);
    const bytes = [...new TextEncoder().encode(text)].map((byte) => Uint8Array.of(byte));
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        for (const byte of bytes) controller.enqueue(byte);
        // A CR at the end is told from CRLF by what follows.
        controller.enqueue(new TextEncoder().encode(":"));
        controller.close();
      },
    });
    const data = await all(readEvents(body, { first_ms: 1_000, silence_ms: 1_000, heard: () => undefined }));
    expect(data.pop()).toBe("two\n lines\n");
    expect(data.map((one) => (JSON.parse(one) as { id: number }).id)).toEqual([1, 3, 4]);
    expect(data[1]).toContain("halb – ½");
  },
);

test("a stream that is silent ends in an error, and its connection is closed", async () => {
  let isClosed = false;
  const body = new ReadableStream<Uint8Array>({ cancel: () => void (isClosed = true) });
  const silent = all(readEvents(body, { first_ms: 20, silence_ms: 1_000, heard: () => undefined }));
  await expect(silent).rejects.toThrow("The stream of events was silent for 20 ms.");
  expect(isClosed).toBe(true);
});

test("a line without an end is not kept for ever", async () => {
  const body = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.enqueue(new Uint8Array(1_048_576).fill(120)),
  });
  const endless = all(readEvents(body, { first_ms: 5_000, silence_ms: 5_000, heard: () => undefined }));
  await expect(endless).rejects.toThrow(ConnectionError);
});

test("a reader that leaves closes the connection", async () => {
  let isClosed = false;
  const server = await startFaultyServer((response, request) => {
    response.on("close", () => (isClosed = true));
    stream([QUEUED], () => undefined)(response, request);
  });
  for await (const one of jobsAt(server.url).events(JOB_ID)) {
    expect(one.type).toBe("queued");
    break;
  }
  await expect.poll(() => isClosed).toBe(true);
});

test("what cannot be repaired is thrown at once", async () => {
  const server = await startFaultyServer(
    problem("not_found", 404),
    html,
    stream(["data: <p>\n\n"], () => undefined),
  );
  const follow = () => all(jobsAt(server.url).events(JOB_ID));
  await expect(follow()).rejects.toThrow(NotFoundError);
  await expect(follow()).rejects.toThrow(UnexpectedAnswerError);
  await expect(follow()).rejects.toThrow("no event of a job");
  expect(server.requests).toHaveLength(3);
});

test("streams that end at once are given up, after four times as many as there are retries", async () => {
  const server = await startFaultyServer(stream([], (response) => response.end()));
  await expect(all(jobsAt(server.url, 1).events(JOB_ID))).rejects.toThrow("ended too soon");
  expect(server.requests).toHaveLength(5);
});

test("a stream that something holds back: waiting asks for the job instead, soon", async () => {
  const ended = jobOf({ status: "succeeded", completed_at: "2026-11-23T21:06:45Z" });
  const server = await startFaultyServer(
    stream([], () => undefined),
    json(200, ended),
  );
  expect(await jobsAt(server.url).wait(JOB_ID)).toMatchObject({ status: "succeeded" });
  expect(server.requests.map(({ url }) => url)).toEqual([`/jobs/${JOB_ID}/events`, `/jobs/${JOB_ID}`]);
});

test("where no stream can be had, waiting asks again until the job has ended", async () => {
  const progress = { fraction: 0.5, message: null };
  const server = await startFaultyServer(
    problem("rate_limited", 429, { headers: { "retry-after": "3600" } }),
    json(200, jobOf({ progress })),
    json(200, jobOf({ progress })),
    json(200, jobOf({ status: "failed", completed_at: "2026-11-23T21:06:45Z", progress })),
  );
  const told: number[] = [];
  const options = { onProgress: ({ fraction }: { fraction: number }) => void told.push(fraction) };
  expect(await jobsAt(server.url, 0).wait(JOB_ID, options)).toMatchObject({ status: "failed" });
  expect(told).toEqual([0.5]);
});
