import { expect, test } from "vitest";
import {
  ApiError,
  ConnectionError,
  createClient,
  InsufficientFundsError,
  RateLimitedError,
  UnexpectedAnswerError,
  type Client,
  type AnyJobTypes,
  type ClientOptions,
} from "../src/create-client.ts";
import {
  half,
  html,
  jobOf,
  json,
  problem,
  reset,
  startFaultyServer,
  TYPE_ID,
  JOB_ID,
} from "./faulty-server.ts";

function clientOf(baseUrl: string, options: Partial<ClientOptions> = {}): Client<AnyJobTypes> {
  return createClient({ baseUrl, apiKey: "iep_key", ...options });
}

async function failureOf(work: Promise<unknown>): Promise<unknown> {
  return await work.then(
    () => "it worked",
    (error: unknown) => error,
  );
}

test.each([
  ["a reset", reset],
  ["503 unavailable", problem("unavailable", 503, { headers: { "retry-after": "0" } })],
  ["429 rate_limited", problem("rate_limited", 429, { headers: { "retry-after": "0" } })],
  ["a proxy that is away", (response: Parameters<typeof reset>[0]) => void response.writeHead(502).end()],
  ["half an answer", half(jobOf())],
  ["half a document", json(200, {}, { "content-length": "1" })],
])("a submission goes on after %s, with the same idempotency key", async (_name, fault) => {
  const server = await startFaultyServer(fault, json(201, jobOf()));
  expect(await clientOf(server.url).jobs.submit(TYPE_ID, { n: 1 })).toMatchObject({ id: JOB_ID });
  const [first, second, ...others] = server.requests;
  expect(others).toEqual([]);
  expect(second).toMatchObject({ method: "POST", url: "/jobs", body: first?.body ?? "" });
  expect(JSON.parse(first?.body ?? "")).toEqual({ job_type_id: TYPE_ID, input_data: { n: 1 } });
  expect(first?.headers).toMatchObject({ authorization: "Bearer iep_key" });
  expect(first?.headers["idempotency-key"]).toMatch(/^[\da-f]{32}$/);
  expect(second?.headers["idempotency-key"]).toBe(first?.headers["idempotency-key"]);
});

test("two submissions have two keys, and a key that is given is sent", async () => {
  const server = await startFaultyServer(json(201, jobOf()));
  const { jobs } = clientOf(server.url);
  await jobs.submit(TYPE_ID, 1);
  await jobs.submit(TYPE_ID, 1);
  await jobs.submit(TYPE_ID, 1, { idempotencyKey: "order 7" });
  const keys = server.requests.map(({ headers }) => headers["idempotency-key"]);
  expect(new Set(keys).size).toBe(3);
  expect(keys[2]).toBe("order 7");
});

test("402 is never repeated, whatever it says, and has the figures", async () => {
  const figures = { required_cents: 500, available_cents: 120, pending_charges_cents: 380 };
  const server = await startFaultyServer(
    problem("insufficient_funds", 402, { ...figures, retryable: true, headers: { "retry-after": "0" } }),
  );
  const error = await failureOf(clientOf(server.url).jobs.submit(TYPE_ID, {}));
  expect(error).toBeInstanceOf(InsufficientFundsError);
  expect(error).toMatchObject({
    name: "InsufficientFundsError",
    code: "insufficient_funds",
    status: 402,
    requestId: "019ab1f0-6c1e-7a44-9d7c-2f6a3f1c9e55",
    message: "It is insufficient_funds.",
    ...figures,
  });
  expect(server.requests).toHaveLength(1);
});

test("Retry-After is waited for; a long one is told instead", async () => {
  const busy = (after: string) => problem("rate_limited", 429, { headers: { "retry-after": after } });
  const server = await startFaultyServer(busy("2"), json(200, jobOf()), busy("3600"));
  const { jobs } = clientOf(server.url);
  await jobs.get(JOB_ID);
  const [first, second] = server.requests.map(({ at }) => at);
  expect((second ?? 0) - (first ?? 0)).toBeGreaterThanOrEqual(2_000);
  const error = await failureOf(jobs.get(JOB_ID));
  expect(error).toBeInstanceOf(RateLimitedError);
  expect(error).toMatchObject({ retryable: true, retry_after_ms: 3_600_000 });
  expect(server.requests).toHaveLength(3);
});

test.each([
  ["where no more requests may wait for their jobs", problem("rate_limited", 429)],
  ["where the queue was full", problem("queue_full", 429)],
  ["where the request came too slowly", problem("request_timeout", 408)],
  [
    "where a proxy had no time for it",
    (response: Parameters<typeof reset>[0]) => void response.writeHead(408).end(),
  ],
  [
    "where a proxy lets only so many through",
    (response: Parameters<typeof reset>[0]) => void response.writeHead(429).end(),
  ],
])("%s, it submits without waiting", async (_name, fault) => {
  const server = await startFaultyServer(
    fault,
    json(201, jobOf({ status: "succeeded", completed_at: "2026-11-23T21:06:45Z", cost_cents: 5 })),
  );
  expect(await clientOf(server.url).jobs.run(TYPE_ID, {})).toMatchObject({ cost_cents: 5 });
  const [first, second] = server.requests.map(({ headers }) => headers);
  expect(first?.["prefer"]).toBe("wait=20");
  expect(second?.["prefer"]).toBeUndefined();
  expect(second?.["idempotency-key"]).toBe(first?.["idempotency-key"]);
});

test("a retry of a job is not repeated when its answer is lost, only when it was refused unheard", async () => {
  const server = await startFaultyServer(
    problem("rate_limited", 429, { headers: { "retry-after": "0" } }),
    reset,
    json(201, jobOf()),
  );
  expect(await failureOf(clientOf(server.url).jobs.retry(JOB_ID))).toBeInstanceOf(ConnectionError);
  expect(server.requests).toHaveLength(2);
});

test("a cancel whose answer was lost returns the job that it cancelled", async () => {
  const ended = problem("job_already_ended", 409, { job_status: "cancelled" });
  const server = await startFaultyServer(reset, ended, json(200, jobOf({ status: "cancelled" })));
  expect(await clientOf(server.url).jobs.cancel(JOB_ID)).toMatchObject({ status: "cancelled" });
});

test("it gives up after its retries, and says why", async () => {
  const server = await startFaultyServer(reset);
  const error = await failureOf(clientOf(server.url, { retries: 1 }).jobs.get(JOB_ID));
  expect(error).toBeInstanceOf(ConnectionError);
  expect(error).toMatchObject({
    message: expect.stringMatching(/^No answer from http:.*\(.*(reset|closed).*\)/i) as string,
  });
  expect(server.requests).toHaveLength(2);
});

test.each([
  ["never answers", () => undefined],
  [
    "sends a byte now and then",
    (response: Parameters<typeof reset>[0]) => {
      response.writeHead(200, { "content-type": "application/json" });
      const timer = setInterval(() => response.write(" "), 20);
      response.on("close", () => clearInterval(timer));
    },
  ],
])("a server that %s ends in an error in time", async (_name, slow) => {
  const server = await startFaultyServer(slow);
  const client = clientOf(server.url, { retries: 0, timeout_ms: 200 });
  const error = await failureOf(client.jobs.get(JOB_ID));
  expect(error).toBeInstanceOf(ConnectionError);
  expect(error).toMatchObject({ message: `No answer from ${server.url} within 200 ms.` });
});

test("a code that a newer API has is an ApiError with that code", async () => {
  const server = await startFaultyServer(problem("queue_overfull", 409));
  const error = await failureOf(clientOf(server.url).jobs.get(JOB_ID));
  expect(error).toBeInstanceOf(ApiError);
  expect(error).toMatchObject({ name: "QueueOverfullError", code: "queue_overfull" });
});

test("a wrong base URL is said to be one: HTML, and a redirect, which is not followed", async () => {
  const server = await startFaultyServer(
    html,
    (response) => void response.writeHead(301, { location: "https://elsewhere.example/jobs" }).end(),
  );
  const { jobs } = clientOf(server.url);
  const error = await failureOf(jobs.submit(TYPE_ID, {}));
  expect(error).toBeInstanceOf(UnexpectedAnswerError);
  expect(error).toMatchObject({
    status: 200,
    message: `${server.url} answered 200 with text/html, not as the API does: is baseUrl right? It begins: <!doctype html><title>Sign in</title>`,
  });
  expect(await failureOf(jobs.submit(TYPE_ID, {}))).toMatchObject({
    message: `${server.url} leads elsewhere, to https://elsewhere.example/jobs: set baseUrl to where the API is.`,
  });
  expect(server.requests).toHaveLength(2);
});

test("an aborted signal: before, nothing is sent; later, the request and its repetitions end", async () => {
  const server = await startFaultyServer(reset);
  const { jobs } = clientOf(server.url, { retries: 100 });
  const reason = new Error("the user left");
  const signal = AbortSignal.abort(reason);
  for (const work of [
    jobs.submit(TYPE_ID, {}, { signal }),
    jobs.run(TYPE_ID, {}, { signal }),
    jobs.get(JOB_ID, { signal }),
    jobs.wait(JOB_ID, { signal }),
    jobs.events(JOB_ID, { signal }).next(),
    jobs.list({}, { signal }).next(),
  ])
    expect(await failureOf(work)).toBe(reason);
  expect(server.requests).toEqual([]);

  const controller = new AbortController();
  const asking = failureOf(jobs.get(JOB_ID, { signal: controller.signal }));
  await expect.poll(() => server.requests.length).toBeGreaterThan(0);
  controller.abort(reason);
  expect(await asking).toBe(reason);
});

test.each([
  [{ baseUrl: "jobs.example.com" }, /^baseUrl must be where the API is/],
  [{ baseUrl: "ftp://jobs.example.com" }, /^baseUrl must be where the API is/],
  [{ baseUrl: undefined as unknown as string }, /^baseUrl must be where the API is/],
  [{ baseUrl: "https://key@jobs.example.com" }, /must have no user/],
  [{ baseUrl: "https://jobs.example.com/?key=1" }, /must have no user/],
  [{ baseUrl: "https://jobs.example.com", retries: -1 }, /^retries must be a whole number/],
  [{ baseUrl: "https://jobs.example.com", timeout_ms: 0.5 }, /^timeout_ms must be a whole number/],
  [{ baseUrl: "https://jobs.example.com", apiKey: "" }, /^apiKey must be a key/],
  [{ baseUrl: "https://jobs.example.com", apiKey: "iep_a\n" }, /^apiKey must be a key/],
])("options that cannot be right are refused at once: %j", (options, message) => {
  expect(() => createClient(options)).toThrow(message);
});

test("a key may be asked for with each attempt; ids cannot lead to another path", async () => {
  const keys = ["iep_old", "iep_new"];
  const server = await startFaultyServer(reset, json(200, jobOf()));
  const client = clientOf(`${server.url}/`, { apiKey: async () => keys.shift() ?? "" });
  await client.jobs.get("a/../b?c");
  expect(server.requests.map(({ url, headers }) => [url, headers.authorization])).toEqual([
    ["/jobs/a%2F..%2Fb%3Fc", "Bearer iep_old"],
    ["/jobs/a%2F..%2Fb%3Fc", "Bearer iep_new"],
  ]);
  await expect(client.jobs.get("")).rejects.toThrow('id must be an id, not ""');
  await expect(client.jobs.get("..")).rejects.toThrow('id must be an id, not ".."');
  await expect(client.jobs.get("x")).rejects.toThrow("apiKey must be a key");
});
