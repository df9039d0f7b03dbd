import { PlatformError } from "../../../core/lib/errors.ts";
import { hasEnded, type Job } from "../../../core/model/job.ts";
import type { Platform } from "../../../core/use-cases/platform.ts";
import type { CliRun } from "../../terminal/command.ts";
import { EXIT_INTERRUPTED, EXIT_JOB_NOT_SUCCEEDED, EXIT_OK, UsageError } from "../../terminal/errors.ts";
import { formatJob } from "./format-job.ts";
import { waitForJob } from "./wait-for-job.ts";
import { whyWaiting } from "./why-waiting.ts";

/** How long to wait for a submitted job, as the options say. */
export interface Waiting {
  readonly wait: boolean;
  readonly timeout?: number | undefined;
}

/** Throws a `UsageError` for a time to wait without waiting. */
export function checkWaiting({ wait, timeout }: Waiting): void {
  if (timeout !== undefined && !wait) throw new UsageError("--timeout needs --wait");
}

/**
 * Prints a job that was just submitted. With `wait`, first waits until it ends; the exit code then says
 * whether it succeeded. Ctrl-C and the timeout end the waiting, and the job goes on.
 */
export async function printSubmitted(
  run: CliRun,
  platform: Platform,
  submitted: Job,
  waiting: Waiting,
): Promise<number> {
  if (!waiting.wait) {
    // A submission does not look at limits and pauses: a person is told what a read says of the job.
    await run.terminal.print(submitted, async () =>
      formatJob(platform, (await platform.jobs.findById(submitted.id)) ?? submitted),
    );
    return EXIT_OK;
  }
  const { job, interrupted } = await follow(platform, submitted, run, waiting.timeout);
  await run.terminal.print(job, () => formatJob(platform, job));
  if (hasEnded(job.status)) return job.status === "succeeded" ? EXIT_OK : EXIT_JOB_NOT_SUCCEEDED;
  const why = interrupted ? "Stopped waiting" : `Stopped waiting after ${waiting.timeout} s`;
  await run.terminal.say(
    `${why}. Job ${job.id} goes on. Look at it: iep jobs show ${job.id}. End it: iep jobs cancel ${job.id}`,
  );
  return interrupted ? EXIT_INTERRUPTED : EXIT_JOB_NOT_SUCCEEDED;
}

/** Prints the id first, so that a user who stops waiting can look the job up later. */
async function follow(
  platform: Platform,
  { id }: Job,
  { terminal, context }: CliRun,
  timeout_seconds: number | undefined,
): Promise<{ job: Job; interrupted: boolean }> {
  await terminal.say(`submitted ${id}`);
  const interrupt = context.interruption?.();
  const signals = [
    ...(interrupt ? [interrupt] : []),
    ...(timeout_seconds === undefined ? [] : [AbortSignal.timeout(timeout_seconds * 1_000)]),
  ];
  let said: string | undefined;
  try {
    const job = await waitForJob(platform, id, {
      onStatus: (one) => terminal.say(one.status),
      async onPending(one) {
        const why = one.waiting_for === "slot" ? undefined : await whyWaiting(platform, one);
        if (why !== undefined && why !== said) await terminal.say(`waits: ${why}`);
        said = why;
      },
      signal: AbortSignal.any(signals),
    });
    return { job, interrupted: interrupt?.aborted === true };
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
