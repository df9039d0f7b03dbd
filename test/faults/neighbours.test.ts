import { Agent, request as send } from "node:http";
import { setTimeout as wait } from "node:timers/promises";
import { beforeAll, expect, test } from "vitest";
import { createTestDatabase } from "../support/database.ts";
import { percentile } from "../support/load.ts";
import { httpClient, type Request } from "../support/http-client.ts";
import { postCustomer, postJobType, startApi } from "../support/stack.ts";

// What one customer does never makes another wait for long. The API is a process of its own; every customer
// has connections of their own.

const MIB = 1_048_576;
/** What others may wait in the middle. They waited 5.4, 0.9 and 0.4 s. */
const P50_MAX_MS = 150;
const SAMPLES = Number(process.env["SAMPLES"] ?? 40);

let origin: string;
let admin: Request;
let job_type_id: string;
let loud: { id: string; key: string };
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
}, 60_000);

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
  expect(p50).toBeLessThan(P50_MAX_MS);
  expect(answers.every(({ status }) => status === 201 || status === 429)).toBe(true);
  expect(answers.some(({ status }) => status === 201)).toBe(true);
}, 60_000);

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
  expect(p50).toBeLessThan(P50_MAX_MS);
  expect(answers.every(({ status }) => status === 200 || status === 429)).toBe(true);
  // A thousand refusals, and a hundred wrong fields among them all.
  expect(Math.max(...answers.map(({ bytes }) => bytes))).toBeLessThan(450_000);
}, 60_000);

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
  body: string,
): Promise<{ p50: number; answers: Answer[] }> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const answers: Answer[] = [];
  let isOver = false;
  const loop = async (): Promise<void> => {
    while (!isOver) {
      const answer = await post(agent, path, loud.key, body);
      answers.push(answer);
      // A client that is told when to come back comes back then.
      if (answer.status === 429) await wait(200);
    }
  };
  const loops = Array.from({ length: connections }, loop);
  const submit = httpClient(origin, quiet.key);
  const waits: number[] = [];
  await wait(500);
  for (let n = 0; n < SAMPLES; n += 1) {
    const began_at = performance.now();
    const { status } = await submit("POST", "/jobs", { job_type_id, input_data: n });
    expect(status).toBe(201);
    waits.push(performance.now() - began_at);
    console.log(n, (performance.now() - began_at).toFixed(0), answers.length);
  }
  isOver = true;
  await Promise.all(loops);
  agent.destroy();
  console.log("p90", percentile(waits, 0.9), "max", Math.max(...waits));
  return { p50: percentile(waits, 0.5), answers };
}

/** One request whose answer is counted and dropped. */
function post(agent: Agent, path: string, key: string, body: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const headers = {
      authorization: `Bearer ${key}`,
      "content-type": "application/json",
      "content-length": Buffer.byteLength(body),
    };
    const request = send(`${origin}${path}`, { method: "POST", agent, headers }, (response) => {
      let bytes = 0;
      response.on("data", (piece: Buffer) => (bytes += piece.length));
      response.on("end", () => resolve({ status: response.statusCode ?? 0, bytes })).on("error", reject);
    });
    request.on("error", reject).end(body);
  });
}
