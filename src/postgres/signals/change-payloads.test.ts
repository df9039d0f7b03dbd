import { expect, test } from "vitest";
import { v7 as uuidv7 } from "uuid";
import type { JobChange } from "../../core/model/job-changes.ts";
import { readChanges, writeChanges, type CustomerChanges } from "./change-payloads.ts";

function read(payloads: readonly string[]): { jobs: string[]; withNew: string[] } {
  const jobs: string[] = [];
  const withNew: string[] = [];
  for (const payload of payloads)
    readChanges(payload, {
      changed: (customer_id, id, change) => jobs.push(`${customer_id} ${id} ${change}`),
      hasNewJobs: (customer_id) => withNew.push(customer_id),
    });
  return { jobs, withNew };
}

test("what is written is read again, in payloads that NOTIFY takes", () => {
  const changes = new Map<string, CustomerChanges>();
  const expected: string[] = [];
  for (let n = 0; n < 40; n += 1) {
    const customer_id = uuidv7();
    const jobs = Array.from({ length: n }, (_, nth): [string, JobChange] => [
      uuidv7(),
      nth % 2 === 0 ? "changed" : "ended",
    ]);
    changes.set(customer_id, { jobs, hasNewJobs: n % 3 === 0 });
    expected.push(...jobs.map(([id, change]) => `${customer_id} ${id} ${change}`));
  }
  const payloads = writeChanges(changes);
  expect(payloads.length).toBeGreaterThan(1);
  for (const payload of payloads) expect(Buffer.byteLength(payload)).toBeLessThan(8_000);
  expect(read(payloads)).toEqual({
    jobs: expected,
    withNew: [...changes].flatMap(([id, { hasNewJobs }]) => (hasNewJobs ? [id] : [])),
  });
});

test("what another release wrote is left out", () => {
  expect(read([`${uuidv7()}c${uuidv7()}e`, "", "?"])).toEqual({ jobs: [], withNew: [] });
});
