import { expect, test } from "vitest";
import {
  createCustomer,
  createJobType,
  createRunner,
  createTestPlatform,
} from "../../test/support/test-platform.ts";
import { waitFor } from "../../test/support/wait-for.ts";
import type { Bell } from "../core/model/bell.ts";
import type { JobRepository } from "../core/model/job.ts";
import { submitJob } from "../core/use-cases/submit-jobs.ts";
import { directClaims } from "./direct-claims.ts";

test("after a claim that took all that waited, the next one looks when the bell rings, and not before", async () => {
  const { platform } = await createTestPlatform();
  const [runner_id, otherRunner] = [await createRunner(platform), await createRunner(platform)];
  const request = {
    customer_id: await createCustomer(platform),
    job_type_id: await createJobType(platform),
    input_data: 1,
  };
  let looks = 0;
  const jobs: JobRepository = Object.create(platform.jobs, {
    tookAll: { get: () => platform.jobs.tookAll },
    claimTurns: {
      value: (claim: Parameters<JobRepository["claimTurns"]>[0]) => {
        looks += 1;
        return platform.jobs.claimTurns(claim);
      },
    },
  });
  const bell = ringByHand();
  const { claim } = directClaims(jobs, bell);
  const next = (idle: boolean, wait_ms = 900) => claim({ runner_id, max: 10, wait_ms, idle });

  await submitJob(platform, request);
  expect(await next(true)).toHaveLength(1);
  await submitJob(platform, request);
  // It is not idle any more: there may be another reason to get a job.
  expect(await next(false)).toHaveLength(1);
  expect(looks).toBe(2);

  const waiting = next(false);
  await submitJob(platform, request);
  await waitFor(() => bell.waits > 0, { describe: "the claim to wait for the bell" });
  expect(looks).toBe(2);
  bell.wake();
  expect(await waiting).toHaveLength(1);
  expect(looks).toBe(3);

  // Another runner may serve other jobs.
  await submitJob(platform, request);
  expect(await claim({ runner_id: otherRunner, max: 10, wait_ms: 900, idle: false })).toHaveLength(1);

  // Who does not wait looks.
  await submitJob(platform, request);
  expect(await next(false, 0)).toHaveLength(1);

  // More waits than there are slots for.
  for (let n = 0; n < 12; n += 1) await submitJob(platform, request);
  bell.wake();
  expect(await next(false)).toHaveLength(10);
  expect(await next(false)).toHaveLength(2);
  expect(looks).toBe(7);
});

/** A bell that rings when the test says so, and then alone ends a wait. It counts who waits for it. */
function ringByHand(): Bell & { readonly waits: number } {
  const ends = new Set<() => void>();
  let heard = 0;
  return {
    get waits() {
      return ends.size;
    },
    get heard() {
      return heard;
    },
    ring: () => Promise.resolve(),
    wait: (before) =>
      new Promise((resolve) => {
        if (heard > before) resolve();
        else ends.add(resolve);
      }),
    wake() {
      heard += 1;
      for (const end of ends) end();
      ends.clear();
    },
    close: () => Promise.resolve(),
  };
}
