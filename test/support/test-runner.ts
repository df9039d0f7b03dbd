import { pino } from "pino";
import type { OpenPlatform } from "../../src/bin/open-platform.ts";
import type { Job } from "../../src/core/model/job.ts";
import { createHeartbeat } from "../../src/postgres/signals/heartbeat.ts";
import type { Processor } from "../../src/processors/sdk/processor.ts";
import { Runner } from "../../src/runner/runner.ts";
import { atTheEnd } from "./cleanup.ts";
import type { TestPlatform } from "./test-platform.ts";
import { waitFor } from "./wait-for.ts";

/** A runner in the test's own process, without upkeep; stopped at the end of the test. */
export function startTestRunner(
  { platform, databaseUrl }: TestPlatform,
  processors: readonly Processor[],
  concurrency = 16,
  log = pino({ level: "silent" }),
): Runner {
  const runner = new Runner({
    platform,
    processors: new Map(processors.map((processor) => [processor.id, processor])),
    concurrency,
    heartbeat: createHeartbeat(databaseUrl),
    version: "test",
    log,
  });
  runner.start();
  atTheEnd(() => runner.stop(0));
  return runner;
}

/**
 * The job once it has ended; until then the ready queue is refilled, which is a runner's upkeep otherwise.
 */
export async function waitForEnd(platform: OpenPlatform, id: string): Promise<Job> {
  return await waitFor(
    async () => {
      await platform.readyQueue.refill();
      const job = await platform.jobs.findById(id);
      return job?.completed_at && job;
    },
    { describe: `job ${id} to end` },
  );
}
