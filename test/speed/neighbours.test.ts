import { Agent, request as send } from "node:http";
import { setTimeout as wait } from "node:timers/promises";
import { beforeAll, expect, test } from "vitest";
import { createTestDatabase } from "../support/database.ts";
import { percentile } from "../support/load.ts";
import { httpClient, type Request } from "../support/http-client.ts";
import { PATIENCE_MS } from "../support/patience.ts";
import { waitFor } from "../support/wait-for.ts";
import { postCustomer, postJobType, startApi } from "../support/stack.ts";

// What one customer does never makes another wait for long. The API is a process of its own; every customer
// has connections of their own.

const MIB = 1_048_576;
/**
 * What others may wait in the middle, beyond ten times what they wait when they are alone, which counts for
 * a busy machine. They waited 5.4, 7.7 and 0.4 s.
 */
const P50_MAX_MS = 50;
const SAMPLES = 20;

let origin: string;
let admin: Request;
let job_type_id: string;
let loud: { id: string; key: string };
let p50_max_ms: number;
let quiet: { id: string; key: string };

beforeAll(async () => {
  const { request, api } = await startApi({ DATABASE_URL: (await createTestDatabase()).url });
  const [, url = ""] = await api.waitForLine(/Server listening at (http:\/\/127\.0\.0\.1:\d+)/);
  origin = url;
  admin = request;
  job_type_id = await postJobType(admin, { processing_logic_id: "echo", standard_cost_cents: 0 });
  const [a, b] = await Promise.all([customer("loud"), customer("quiet")]);
  loud = a;
  quiet = b;
  await submissions(SAMPLES);
  p50_max_ms = P50_MAX_MS + 10 * percentile(await submissions(SAMPLES), 0.5);
});

async function customer(name: string): Promise<{ id: string; key: string }> {
  const id = await postCustomer(admin, name, 1_000);
  const { body } = await admin<{ api_key: string }>("POST", `/customers/${id}/api-keys`, {});
  return { id, key: body.api_key };
}

test("eight connections with flat arrays of 1 MiB", async () => {
  const zeros = `${"0,".repeat(MIB / 2 - 200)}0`;
  const body = `{"job_type_id":"${job_type_id}","input_data":[${zeros}]}`;
  const { p50, answers } = await beside(8, "/jobs", body);
  console.log(`others' p50: ${p50.toFixed(0)} ms beside ${answers.length} bodies of 1 MiB`, counts(answers));
  expect(p50).toBeLessThan(p50_max_ms);
  expect(answers.every(({ status }) => status === 201 || status === 429)).toBe(true);
  expect(answers.some(({ status }) => status === 201)).toBe(true);
});

test("four connections with batches whose every field is unknown", async () => {
  const item = JSON.stringify(Object.fromEntries(Array.from({ length: 80 }, (_, n) => [`field${n}`, 1])));
  const body = `{"jobs":[${Array.from({ length: 1_000 }, () => item).join(",")}]}`;
  expect(body.length).toBeLessThan(MIB);
  const { p50, answers } = await beside(4, "/jobs/batch", body);
  console.log(
    `others' p50: ${p50.toFixed(0)} ms beside ${answers.length} such batches`,
    counts(answers),
    answers[0]?.bytes,
  );
  expect(p50).toBeLessThan(p50_max_ms);
  expect(answers.every(({ status }) => status === 200 || status === 429)).toBe(true);
  // A thousand refusals, and a hundred wrong fields among them all.
  expect(Math.max(...answers.map(({ bytes }) => bytes))).toBeLessThan(450_000);
});

test("four statements of 30,000 entries as CSV", async () => {
  for (let first = 0; first < 30_000; first += 1_000) {
    const { status } = await admin("POST", "/wallets/batch", {
      postings: Array.from({ length: 1_000 }, (_, n) => ({
        customer_id: loud.id,
        kind: "grant",
        amount_cents: 1,
        reference: `r${first + n}`,
      })),
    });
    expect(status).toBe(200);
  }
  const { p50, answers } = await beside(4, `/customers/${loud.id}/wallet/entries`);
  console.log(`others' p50: ${p50.toFixed(0)} ms beside ${answers.length} statements`, counts(answers));
  expect(p50).toBeLessThan(p50_max_ms);
  expect(counts(answers)).toEqual({ 200: answers.length });
  expect(Math.min(...answers.map(({ bytes }) => bytes))).toBeGreaterThan(30_000 * 50);
});

/** How many answers had each status. */
function counts(answers: readonly Answer[]): Record<number, number> {
  const by: Record<number, number> = {};
  for (const { status } of answers) by[status] = (by[status] ?? 0) + 1;
  return by;
}

interface Answer {
  readonly status: number;
  readonly bytes: number;
}

/** What the quiet customer waits for a submission while the loud one sends this again and again. */
async function beside(
  connections: number,
  path: string,
  body?: string,
): Promise<{ p50: number; answers: Answer[] }> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const answers: Answer[] = [];
  const over = new AbortController();
  const loop = async (): Promise<void> => {
    while (!over.signal.aborted) {
      const answer = await ask(agent, path, loud.key, body);
      answers.push(answer);
      // A client that is told when to come back comes back then.
      if (answer.status === 429) await wait(200);
    }
  };
  const loops = Array.from({ length: connections }, loop);
  await waitFor(() => answers.length > 0, { timeoutMs: PATIENCE_MS });
  const waits = await submissions(SAMPLES);
  over.abort();
  await Promise.all(loops);

  agent.destroy();
  return { p50: percentile(waits, 0.5), answers };
}

/** How long the quiet customer waits for each of these submissions, one after the other. */
async function submissions(count: number): Promise<number[]> {
  const submit = httpClient(origin, quiet.key);
  const waits: number[] = [];
  for (let n = 0; n < count; n += 1) {
    const began_at = performance.now();
    const { status } = await submit("POST", "/jobs", { job_type_id, input_data: n });
    expect(status).toBe(201);
    waits.push(performance.now() - began_at);
  }
  return waits;
}

/** One request, a GET for CSV when there is no body, whose answer is counted and dropped. */
function ask(agent: Agent, path: string, key: string, body?: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const headers = {
      authorization: `Bearer ${key}`,
      ...(body === undefined
        ? { accept: "text/csv" }
        : { "content-type": "application/json", "content-length": Buffer.byteLength(body) }),
    };
    const method = body === undefined ? "GET" : "POST";
    const request = send(`${origin}${path}`, { method, agent, headers }, (response) => {
      let bytes = 0;
      response.on("data", (piece: Buffer) => (bytes += piece.length));
      response.on("end", () => resolve({ status: response.statusCode ?? 0, bytes })).on("error", reject);
    });
    request.on("error", reject).end(body);
  });
}
