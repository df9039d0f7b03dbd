import type { Command } from "commander";
import { z } from "zod";
import { DEFAULT_PRIORITY } from "../../core/job.ts";
import { submitJob } from "../../core/submit-jobs.ts";
import { platformAction, withExamples, type CliRun } from "../command.ts";
import { findJobType } from "../find-job-type.ts";
import { answerSubmitted } from "../follow-job.ts";
import { jsonArgument } from "../json-argument.ts";
import { Flag, Id, MaxAttempts, PRIORITY_NAMES, PriorityOption, RunAt } from "../options.ts";

export function addSubmitCommand(jobs: Command, run: CliRun): void {
  const { context } = run;
  const schema = z.object({
    customer: Id,
    type: z.string().min(1, "must not be empty"),
    priority: PriorityOption.default(DEFAULT_PRIORITY),
    input: jsonArgument(context.stdin).optional(),
    runAt: RunAt.optional(),
    maxAttempts: MaxAttempts.optional(),
    wait: Flag,
  });
  withExamples(
    jobs.command("submit"),
    "iep jobs submit --customer <id> --type Echo --input '{\"hello\":1}' --wait",
    "iep jobs submit --customer <id> --type Echo --input @input.json --priority high",
    "generate | iep jobs submit --customer <id> --type Echo --input - --run-at 2026-11-24T06:00:00Z",
  )
    .description("Submit a job: its price is held until it ends")
    .option("--customer <id>", "who pays (required)")
    .option("--type <id|name>", "the job type (required)")
    .option(
      "--priority <priority>",
      `0, 1, 2 or high, medium, low (default: ${PRIORITY_NAMES[DEFAULT_PRIORITY]})`,
    )
    .option("--input <json|@file|->", "- is standard input (default: {})")
    .option("--run-at <time>", "not started before, such as 2026-11-23T21:06:00Z")
    .option("--max-attempts <n>", "(default: the job type's)")
    .option("--wait", "until it has ended; exit 4 if it did not succeed")
    .action(
      platformAction(run, schema, async (platform, values) => {
        const { id: job_type_id } = await findJobType(platform, values.type);
        const submitted = await submitJob(platform, {
          customer_id: values.customer,
          job_type_id,
          priority: values.priority,
          input_data: values.input === undefined ? {} : values.input,
          run_at: values.runAt,
          max_attempts: values.maxAttempts,
        });
        return await answerSubmitted(run, platform, submitted, values.wait);
      }),
    );
}
