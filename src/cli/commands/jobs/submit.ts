import type { Command } from "commander";
import { submitJob } from "../../../core/use-cases/submit-jobs.ts";
import { platformAction, withExamples, type CliRun } from "../../terminal/command.ts";
import { printSubmitted } from "./print-submitted.ts";
import { jobRequest, toSubmitJob, withJobOptions } from "./job-request.ts";
import { Flag, MaxAttempts } from "../../terminal/options.ts";

export function addSubmitCommand(jobs: Command, run: CliRun): void {
  withExamples(
    withJobOptions(jobs.command("submit")),
    "iep jobs submit --customer <id> --type Echo --input '{\"hello\":1}' --wait",
    "iep jobs submit --customer <id> --type Echo --input @input.json --priority high",
    "generate | iep jobs submit --customer <id> --type Echo --input - --run-at 2026-11-24T06:00:00Z",
  )
    .description("Submit a job. Its price is held until it ends")
    .option("--max-attempts <n>", "how often it is started before it fails (default: that of the job type)")
    .option("--wait", "wait until it ends; exit code 4 if it does not succeed")
    .action(
      platformAction(
        run,
        jobRequest(run).extend({ maxAttempts: MaxAttempts.optional(), wait: Flag }),
        async (platform, { maxAttempts: max_attempts, wait, ...values }) => {
          const request = await toSubmitJob(platform, values);
          return await printSubmitted(
            run,
            platform,
            await submitJob(platform, { ...request, max_attempts }),
            wait,
          );
        },
      ),
    );
}
