import { PlatformError } from "../../../core/lib/errors.ts";
import type { Job } from "../../../core/model/job.ts";
import type { Platform } from "../../../core/use-cases/platform.ts";
import type { CliRun } from "../../terminal/command.ts";
import { EXIT_JOB_NOT_SUCCEEDED, EXIT_OK } from "../../terminal/errors.ts";
import { formatJob } from "./format-job.ts";
import { waitForJob } from "./wait-for-job.ts";

/**
 * Prints a job that was just submitted. With `wait`, first waits until it ends; the exit code then says
 * whether it succeeded.
 */
export async function printSubmitted(
  run: CliRun,
  platform: Platform,
  submitted: Job,
  wait: boolean,
): Promise<number> {
  const job = wait ? await follow(platform, submitted, run) : submitted;
  await run.terminal.print(job, () => formatJob(platform, job));
  return wait && job.status !== "succeeded" ? EXIT_JOB_NOT_SUCCEEDED : EXIT_OK;
}

/** Prints the id first, so that a user who stops waiting can look the job up later. */
async function follow(platform: Platform, { id }: Job, { terminal }: CliRun): Promise<Job> {
  await terminal.say(`submitted ${id}`);
  try {
    return await waitForJob(platform, id, (job) => terminal.say(job.status));
  } catch (error) {
    if (!(error instanceof PlatformError)) throw error;
    throw new PlatformError(
      error.code,
      `Job ${id} was submitted, but waiting for it failed: ${error.message}`,
      {
        members: { ...error.members, job_id: id },
        cause: error,
      },
    );
  }
}
