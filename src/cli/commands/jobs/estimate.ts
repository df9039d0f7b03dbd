import type { Command } from "commander";
import { ERRORS } from "../../../core/lib/errors.ts";
import { estimateJob, type JobEstimate } from "../../../core/use-cases/estimate-job.ts";
import { platformAction, withExamples, type CliRun } from "../../terminal/command.ts";
import { formatDetails, formatMoney, formatSeconds } from "../../terminal/format.ts";
import { jobRequest, toSubmitJob, withJobOptions } from "./job-request.ts";
import { PRIORITY_NAMES } from "../../terminal/options.ts";

export function addEstimateCommand(jobs: Command, run: CliRun): void {
  withExamples(
    withJobOptions(jobs.command("estimate")),
    "iep jobs estimate --customer <id> --type Echo --input '{\"hello\":1}'",
    "iep jobs estimate --customer <id> --type Echo --priority high --json",
  )
    .description("Estimate the price and the wait of a job, without submitting it")
    .action(
      platformAction(run, jobRequest(run), async (platform, values) => {
        const estimate = await estimateJob(platform, await toSubmitJob(platform, values));
        await run.terminal.print(estimate, () => formatEstimate(estimate));
      }),
    );
}

function formatEstimate(estimate: JobEstimate): string {
  const { priority, refusal, expected_wait_seconds: wait_seconds, currency } = estimate;
  return formatDetails([
    ["customer", estimate.customer_id],
    ["job type", estimate.job_type_id],
    ["priority", `${priority} (${PRIORITY_NAMES[priority]})`],
    ["price at most", formatMoney(estimate.estimated_cost_cents, currency)],
    ["available", formatMoney(estimate.available_cents, currency)],
    ["affordable", refusal === null ? "yes" : `no: ${ERRORS[refusal].title}`],
    [
      "expected wait",
      wait_seconds === null
        ? "unknown: scheduled for later, paused, or no runner is alive"
        : formatSeconds(wait_seconds),
    ],
  ]);
}
