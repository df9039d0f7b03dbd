import { expect, test } from "vitest";
import { CancelFailedError, createClient } from "../src/create-client.ts";
import {
  JOB_ID,
  jobOf,
  json,
  problem,
  reset,
  startFaultyServer,
  stream,
  TYPE_ID,
  type Behaviour,
} from "./faulty-server.ts";

/**
 * Runs a job against a server that aborts the run at its `abortAt`th request, before it does anything else, or
 * `after_ms` later.
 */
async function runAborted(
  behaviours: readonly Behaviour[],
  abortAt: number,
  { after_ms = 0, retries = 0 } = {},
) {
  const controller = new AbortController();
  const reason = new Error("the user left");
  const server = await startFaultyServer(
    ...behaviours.map((behaviour, at): Behaviour => (response, request) => {
      const abort = (): void => controller.abort(reason);
      if (at + 1 === abortAt && after_ms > 0) setTimeout(abort, after_ms);
      else if (at + 1 === abortAt) abort();
      behaviour(response, request);
    }),
  );
  const iep = createClient({ baseUrl: server.url, apiKey: "iep_key", retries });
  const options = { signal: controller.signal, idempotencyKey: "order 7" };
  const thrown = await iep.jobs.run(TYPE_ID, {}, options).catch((error: unknown) => error);
  return { thrown, reason, requests: server.requests.map(({ method, url }) => `${method} ${url}`) };
}

const OPEN = stream([], () => undefined);
const SUBMITTED = ["POST /jobs", `GET /jobs/${JOB_ID}/events`, `POST /jobs/${JOB_ID}/cancel`];

test("a cancel that does not arrive is told, with what to look for", async () => {
  const { thrown, requests } = await runAborted([json(201, jobOf()), OPEN, reset], 2);
  expect(thrown).toBeInstanceOf(CancelFailedError);
  expect(thrown).toMatchObject({
    jobId: JOB_ID,
    idempotencyKey: "order 7",
    cause: { name: "ConnectionError" },
  });
  expect(requests).toEqual(SUBMITTED);
});

test("a job that ended before the cancel came is no failure of the abort", async () => {
  const ended = problem("job_already_ended", 409, { job_status: "succeeded" });
  const { thrown, reason, requests } = await runAborted([json(201, jobOf()), OPEN, ended], 2);
  expect(thrown).toBe(reason);
  expect(requests).toEqual(SUBMITTED);
});

test("whether a submission that was cut made a job is not known, and said so", async () => {
  const { thrown, requests } = await runAborted([reset], 1);
  expect(thrown).toBeInstanceOf(CancelFailedError);
  expect(thrown).toMatchObject({ jobId: undefined, idempotencyKey: "order 7" });
  expect(requests).toEqual(["POST /jobs"]);
});

test("a submission that was refused made none", async () => {
  const { thrown, reason, requests } = await runAborted([problem("insufficient_funds", 402)], 1);
  expect(thrown).toBe(reason);
  expect(requests).toEqual(["POST /jobs"]);
});

const BUSY = problem("rate_limited", 429, { headers: { "retry-after": "2" } });

test("a submission that waits to be repeated, and that nobody has heard, is not sent after the abort", async () => {
  const when = { after_ms: 1_000, retries: 2 };
  const { thrown, reason, requests } = await runAborted([BUSY, json(201, jobOf())], 1, when);
  expect(thrown).toBe(reason);
  expect(requests).toEqual(["POST /jobs"]);
});

test("one that is refused unheard after the abort has made no job, with retries or without", async () => {
  for (const retries of [0, 2]) {
    const { thrown, reason, requests } = await runAborted([BUSY, json(201, jobOf())], 1, { retries });
    expect(thrown).toBe(reason);
    expect(requests).toEqual(["POST /jobs"]);
  }
});

test("where an attempt before may have made a job, it is asked for on, and cancelled", async () => {
  const again = problem("rate_limited", 429, { headers: { "retry-after": "0" } });
  const cancelled = json(200, jobOf({ status: "cancelled" }));
  const faults = [reset, again, json(201, jobOf()), cancelled];
  const { thrown, reason, requests } = await runAborted(faults, 2, { retries: 2 });
  expect(thrown).toBe(reason);
  expect(requests).toEqual(["POST /jobs", "POST /jobs", "POST /jobs", `POST /jobs/${JOB_ID}/cancel`]);
  const unknown = await runAborted([reset, again], 2, { retries: 1 });
  expect(unknown.thrown).toBeInstanceOf(CancelFailedError);
  expect(unknown.requests).toEqual(["POST /jobs", "POST /jobs"]);
});
