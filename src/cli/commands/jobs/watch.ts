import type { Command } from "commander";
import { z } from "zod";
import { hasEnded, type Job } from "../../../core/model/job.ts";
import { platformAction, withExamples, type CliRun } from "../../terminal/command.ts";
import { EXIT_INTERRUPTED, EXIT_JOB_NOT_SUCCEEDED, EXIT_OK } from "../../terminal/errors.ts";
import { formatAge } from "../../terminal/format.ts";
import { createLiveLine } from "../../terminal/live-line.ts";
import { Id } from "../../terminal/options.ts";
import { formatJob, formatProgress } from "./format-job.ts";
import { waitForJob } from "./wait-for-job.ts";

/** `iep jobs watch`: one line that says where the job is, until it ends. */
export function addWatchCommand(jobs: Command, run: CliRun): void {
  withExamples(jobs.command("watch"), "iep jobs watch <id>", "iep jobs watch <id> --json")
    .description(
      "Watch a job until it ends: one line that changes, or plain lines where there is no terminal",
    )
    .argument("<id>", "id of the job")
    .action(
      platformAction(run, z.object({ id: Id }), async (platform, { id }) => {
        const { terminal, context } = run;
        const line = createLiveLine(context.stdout);
        const interrupt = context.interruption?.();
        const job = await waitForJob(platform, id, {
          onLook: (one) => terminal.json || line.show(lineOf(one, context.stdout.isTTY === true)),
          signal: interrupt,
        });
        if (!terminal.json) line.end();
        if (hasEnded(job.status) || terminal.json) await terminal.print(job, () => formatJob(platform, job));
        if (job.status === "succeeded") return EXIT_OK;
        return hasEnded(job.status) ? EXIT_JOB_NOT_SUCCEEDED : EXIT_INTERRUPTED;
      }),
    );
}

/** Without the age where each line stays: it alone would make a new one. */
function lineOf(job: Job, withAge: boolean): string {
  const since = job.completed_at === null ? (job.started_at ?? job.created_at) : undefined;
  return [
    job.status,
    job.attempt > 1 ? `attempt ${job.attempt}` : undefined,
    job.progress && formatProgress(job.progress),
    job.waiting_for && `waits for: ${job.waiting_for}`,
    withAge && since !== undefined ? formatAge(Date.now() - Date.parse(since)) : undefined,
  ]
    .filter((part) => typeof part === "string")
    .join("  ");
}
