import { expect } from "vitest";
import type { Job, JobStatus } from "../../src/core/model/job.ts";
import { httpClient, type Request } from "./http-client.ts";
import { PATIENCE_MS } from "./patience.ts";
import { startIep, type StartedProcess } from "./processes.ts";
import { waitFor } from "./wait-for.ts";

// A platform of real processes, as an operator runs it and a customer uses it.

export const ADMIN_API_KEY = "test-admin-key-of-32-characters!";

export type Environment = Readonly<Record<string, string>>;

/** `start` is given to run another `iep` than this checkout's. */
export async function startApi(
  environment: Environment,
  start = startIep,
): Promise<{ request: Request; api: StartedProcess; url: string }> {
  const api = start(["api"], { env: { ...environment, ADMIN_API_KEY, PORT: "0" } });
  const [, url = ""] = await api.waitForLine(/Server listening at (http:\/\/127\.0\.0\.1:\d+)/);
  return { request: httpClient(url, ADMIN_API_KEY), api, url };
}

export async function startRunner(environment: Environment, start = startIep): Promise<StartedProcess> {
  const runner = start(["runner"], { env: environment });
  await runner.waitForLine(/"registered"/);
  return runner;
}

export async function postJobType(request: Request, options: Record<string, unknown>): Promise<string> {
  const { body } = await request<{ id: string }>("POST", "/job-types", {
    name: `Type ${Math.random()}`,
    ...options,
  });
  return body.id;
}

export async function postCustomer(request: Request, name: string, amount_cents: number): Promise<string> {
  const { body } = await request<{ id: string }>("POST", "/customers", {
    name,
    email: "someone@example.com",
  });
  await request("POST", `/customers/${body.id}/wallet/top-ups`, { amount_cents, reference: "start" });
  return body.id;
}

/** Submits through the batch route; every job must be accepted. Answers their ids. */
export async function submitAll(
  request: Request,
  jobs: readonly Record<string, unknown>[],
): Promise<string[]> {
  const ids: string[] = [];
  for (let first = 0; first < jobs.length; first += 1_000) {
    const { body } = await request<{ results: { status: number; job: Job }[] }>("POST", "/jobs/batch", {
      jobs: jobs.slice(first, first + 1_000),
    });
    expect(new Set(body.results.map(({ status }) => status))).toEqual(new Set([201]));
    ids.push(...body.results.map(({ job }) => job.id));
  }
  return ids;
}

export async function jobEnded(request: Request, id: string): Promise<Job> {
  return await waitFor(
    async () => {
      const { body } = await request<Job>("GET", `/jobs/${id}`);
      return body.completed_at !== null && body;
    },
    { timeoutMs: PATIENCE_MS, describe: () => `job ${id} to end` },
  );
}

/** Every job of a customer, by cursor. */
export async function jobsOf(request: Request, customer_id: string): Promise<Job[]> {
  const jobs: Job[] = [];
  let cursor: string | null = null;
  do {
    const path: string = `/jobs?customer_id=${customer_id}&limit=200${cursor ? `&cursor=${cursor}` : ""}`;
    const { body } = await request<{ data: Job[]; next_cursor: string | null }>("GET", path);
    jobs.push(...body.data);
    cursor = body.next_cursor;
  } while (cursor !== null);
  return jobs;
}

/** Waits until all of a customer's jobs have ended; answers them. */
export async function allEnded(request: Request, customer_id: string): Promise<Job[]> {
  return await waitFor(
    async () => {
      if (await hasAny(request, customer_id, "pending")) return false;
      if (await hasAny(request, customer_id, "running")) return false;
      // Between the two questions a job may have gone from one status to the other; an end, once read, is an
      // end.
      const jobs = await jobsOf(request, customer_id);
      return jobs.every((job) => job.completed_at !== null) && jobs;
    },
    { timeoutMs: PATIENCE_MS, describe: () => `all jobs of ${customer_id} to end` },
  );
}

async function hasAny(request: Request, customer_id: string, status: JobStatus): Promise<boolean> {
  const path = `/jobs?customer_id=${customer_id}&status=${status}&limit=1`;
  const { body } = await request<{ data: unknown[] }>("GET", path);
  return body.data.length > 0;
}

/** What `iep audit` says: it must find nothing. */
export async function expectCleanAudit(environment: Environment, start = startIep): Promise<void> {
  const audit = start(["audit", "--json"], { env: environment });
  const { code } = await audit.exited;
  expect({ code, said: code === 0 ? "" : audit.stdout.join("\n") }).toEqual({ code: 0, said: "" });
}
