import type { Command } from "commander";
import { z } from "zod";
import { DEFAULT_PRIORITY } from "../../../core/model/job.ts";
import type { Platform } from "../../../core/use-cases/platform.ts";
import type { SubmitJob } from "../../../core/use-cases/submit-jobs.ts";
import type { CliRun } from "../../terminal/command.ts";
import { findJobType } from "../job-types/find-job-type.ts";
import { jsonArgument } from "../../terminal/json-argument.ts";
import { Id, PRIORITY_NAMES, PriorityOption, RunAt } from "../../terminal/options.ts";

/** Adds the options that describe a job, for `submit` and `estimate`. */
export function withJobOptions(command: Command): Command {
  return command
    .option("--customer <id>", "id of the customer who pays (required)")
    .option("--type <id|name>", "id or name of the job type (required)")
    .option(
      "--priority <priority>",
      `high, medium, low or 0, 1, 2 (default: ${PRIORITY_NAMES[DEFAULT_PRIORITY]})`,
    )
    .option("--input <json|@file|->", "input of the job; - reads standard input (default: {})")
    .option("--run-at <time>", "do not start before this time, such as 2026-11-23T21:06:00Z");
}

/** The schema of the options that `withJobOptions` adds. */
export function jobRequest({ context }: CliRun) {
  return z.object({
    customer: Id,
    type: z.string().min(1, "must not be empty"),
    priority: PriorityOption.default(DEFAULT_PRIORITY),
    input: jsonArgument(context.stdin).optional(),
    runAt: RunAt.optional(),
  });
}

/** Throws `unknown_job_type`. */
export async function toSubmitJob(
  platform: Platform,
  values: z.output<ReturnType<typeof jobRequest>>,
): Promise<SubmitJob> {
  const { id: job_type_id } = await findJobType(platform, values.type);
  return {
    customer_id: values.customer,
    job_type_id,
    priority: values.priority,
    input_data: values.input === undefined ? {} : values.input,
    run_at: values.runAt,
  };
}
