import type { Command } from "commander";
import { z } from "zod";
import { jobNotFound } from "../../../core/model/not-found.ts";
import { cancelJob } from "../../../core/use-cases/cancel-job.ts";
import { JOB_STATUSES } from "../../../core/model/job.ts";
import { retryJob } from "../../../core/use-cases/retry-job.ts";
import { platformAction, withExamples, type CliRun } from "../../terminal/command.ts";
import { findJobType } from "../job-types/find-job-type.ts";
import { checkWaiting, printSubmitted } from "./print-submitted.ts";
import { formatJob, jobColumns } from "./format-job.ts";
import { Flag, Id, LIMIT_OPTION, ListLimit, Since, WaitSeconds } from "../../terminal/options.ts";
import { addEstimateCommand } from "./estimate.ts";
import { addRefundCommand } from "./refund.ts";
import { addLogsCommand } from "./logs.ts";
import { addSubmitCommand } from "./submit.ts";
import { addWatchCommand } from "./watch.ts";

export function addJobCommands(program: Command, run: CliRun): void {
  const { terminal } = run;
  const jobs = program.command("jobs");
  withExamples(
    jobs,
    "iep jobs submit --customer <id> --type Echo --input '{\"hello\":1}' --wait",
    "iep jobs list --status failed",
    "iep jobs show <id>",
    "iep jobs watch <id>",
    "iep jobs logs <id> --follow",
    "iep jobs cancel <id>",
    "iep jobs refund <id> --reference 'ticket 18'",
  );
  addSubmitCommand(jobs, run);
  addEstimateCommand(jobs, run);
  addWatchCommand(jobs, run);
  addLogsCommand(jobs, run);
  addEnding(jobs, run);
  addRefundCommand(jobs, run);

  withExamples(jobs.command("show"), "iep jobs show <id>", "iep jobs show <id> --json")
    .description("Show a job with its input and output")
    .argument("<id>", "id of the job")
    .action(
      platformAction(run, z.object({ id: Id }), async (platform, { id }) => {
        const job = await platform.jobs.findById(id);
        if (!job) throw jobNotFound(id);
        await terminal.print(job, () => formatJob(platform, job));
      }),
    );

  withExamples(
    jobs.command("list"),
    "iep jobs list --customer <id> --status failed",
    "iep jobs list --type Echo --since 2h --limit 10",
  )
    .description("List the newest jobs")
    .option("--customer <id>", "only jobs of this customer")
    .option("--status <status>", `only jobs with this status: ${JOB_STATUSES.join(", ")}`)
    .option("--type <id|name>", "only jobs of this type")
    .option("--fingerprint <id>", "only jobs that failed in this way: see iep failures")
    .option("--since <time>", "only jobs created after this time, or in the last 30m, 12h or 7d")
    .option(...LIMIT_OPTION)
    .option("--cursor <id>", "go on after this job, the last one of the page before")
    .action(
      platformAction(
        run,
        z.object({
          customer: Id.optional(),
          status: z.enum(JOB_STATUSES).optional(),
          type: z.string().optional(),
          fingerprint: Id.optional(),
          since: Since.optional(),
          limit: ListLimit,
          cursor: Id.optional(),
        }),
        async (platform, { customer: customer_id, type, since: created_after, limit, cursor, ...rest }) => {
          const job_type_id = type === undefined ? undefined : (await findJobType(platform, type)).id;
          const rows = await platform.jobs.list(
            { customer_id, job_type_id, created_after, ...rest },
            { limit, before: cursor },
          );
          const columns = await jobColumns(platform, rows, run.context.stdout.columns);
          const more = `There may be more. The next page: --cursor ${rows.at(-1)?.id}`;
          await terminal.printList(rows, columns, { limit, empty: "No jobs found.", more });
        },
      ),
    );
}

function addEnding(jobs: Command, run: CliRun): void {
  withExamples(jobs.command("cancel"), "iep jobs cancel <id>")
    .description("Cancel a waiting or running job: it costs nothing, and its hold is released")
    .argument("<id>", "id of the job")
    .action(
      platformAction(run, z.object({ id: Id }), async (platform, { id }) => {
        const job = await cancelJob(platform, id);
        await run.terminal.print(job, () => formatJob(platform, job));
      }),
    );

  withExamples(jobs.command("retry"), "iep jobs retry <id>", "iep jobs retry <id> --wait")
    .description("Retry a failed or cancelled job, as a new job at today's price")
    .argument("<id>", "id of the job")
    .option("--wait", "wait until the new job ends; exit code 4 if it does not succeed")
    .option(
      "--timeout <seconds>",
      "with --wait: stop waiting after this time, with exit code 4; the job goes on",
    )
    .action(
      platformAction(
        run,
        z.object({ id: Id, wait: Flag, timeout: WaitSeconds.optional() }),
        async (platform, { id, ...waiting }) => {
          checkWaiting(waiting);
          return await printSubmitted(run, platform, await retryJob(platform, id), waiting);
        },
      ),
    );
}
