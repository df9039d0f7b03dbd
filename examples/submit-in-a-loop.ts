import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

// Submits one job for each line of a file, waits for all of them, and prints what each returned and cost.
//
//   API=http://127.0.0.1:3000 KEY=iep_… TYPE=<id of a job type> \
//     node --import tsx examples/submit-in-a-loop.ts texts.txt
//
// Each line has an Idempotency-Key of its own. So the program may be killed and started again at any time: what was
// submitted before is not submitted twice, and the job that exists is returned.

const ATTEMPTS_MAX = 30;
const POLL_MS = 200;

interface Job {
  readonly id: string;
  readonly status: "pending" | "running" | "succeeded" | "failed" | "cancelled";
  readonly output_data: unknown;
  readonly error: { readonly code: string; readonly message: string } | null;
  readonly cost_cents: number | null;
}

const { API = "http://127.0.0.1:3000", KEY = "", TYPE = "" } = process.env;
const [file] = process.argv.slice(2);
if (KEY === "" || TYPE === "" || file === undefined)
  throw new Error("Set KEY and TYPE, and name a file: node --import tsx examples/submit-in-a-loop.ts <file>");

const lines = (await readFile(file, "utf8")).split("\n").filter((line) => line.trim() !== "");
const jobs: Job[] = [];
for (const [n, text] of lines.entries()) {
  const body = { job_type_id: TYPE, input_data: { text } };
  jobs.push(await request("POST", "/jobs", body, `${basename(file)}:${n + 1}`));
}
for (const [n, { id }] of jobs.entries()) {
  const job = await ended(id);
  const result = job.status === "succeeded" ? job.output_data : job.error;
  console.log(`line ${n + 1}: ${job.status}, ${job.cost_cents ?? 0} cents: ${JSON.stringify(result)}`);
}

async function ended(id: string): Promise<Job> {
  for (;;) {
    const job = await request("GET", `/jobs/${id}`);
    if (job.status !== "pending" && job.status !== "running") return job;
    await pause(POLL_MS);
  }
}

/**
 * One request. A lost connection or a 503 is tried again, which the Idempotency-Key makes safe. Any other error is a
 * refusal that would repeat itself, such as 402 insufficient_funds: its detail says what to do.
 */
async function request(method: string, path: string, body?: object, idempotencyKey?: string): Promise<Job> {
  for (let attempt = 1; ; attempt += 1) {
    const response = await fetch(`${API}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${KEY}`,
        ...(idempotencyKey === undefined ? {} : { "idempotency-key": idempotencyKey }),
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    }).catch((error: unknown) => String(error));
    // As the OpenAPI document describes it.
    if (typeof response !== "string" && response.ok) return (await response.json()) as Job;
    const problem = typeof response === "string" ? response : await response.text();
    const isRetryable = typeof response === "string" || response.status === 503;
    if (!isRetryable || attempt === ATTEMPTS_MAX) throw new Error(`${method} ${path}: ${problem}`);
    const seconds = typeof response === "string" ? 1 : Number(response.headers.get("retry-after") ?? 1);
    await pause(seconds * 1_000);
  }
}
