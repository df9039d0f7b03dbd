import { hasEnded, type Job } from "../../../core/model/job.ts";
import type { Platform } from "../../../core/use-cases/platform.ts";
import type { Progress } from "../../../core/model/job-log.ts";
import {
  escapeText,
  formatAge,
  formatDetails,
  formatMoney,
  formatTime,
  toLine,
  type Column,
  type Detail,
} from "../../terminal/format.ts";
import { PRIORITY_NAMES } from "../../terminal/options.ts";

/** All properties of a job, with money in the currency of its customer. */
export async function formatJob(platform: Platform, job: Job): Promise<string> {
  const [wallet, jobType] = await Promise.all([
    platform.wallets.findByCustomerId(job.customer_id),
    platform.jobTypes.findById(job.job_type_id),
  ]);
  const money = (cents: number): string => formatMoney(cents, wallet?.currency);
  const errors = job.errors.map(({ attempt, code, message }): Detail => [
    `attempt ${attempt}`,
    `${code}: ${message}`,
  ]);
  const details = formatDetails([
    ["id", job.id],
    ["status", job.status],
    ["customer", job.customer_id],
    ["job type", jobType?.name ?? job.job_type_id],
    ["priority", `${job.priority} (${PRIORITY_NAMES[job.priority]})`],
    ["attempt", attemptsOf(job)],
    ["progress", job.progress && formatProgress(job.progress)],
    [hasEnded(job.status) ? "was held" : "held", money(job.estimated_cost_cents)],
    ["charged", job.cost_cents === null ? null : money(job.cost_cents)],
    ["created", formatTime(job.created_at)],
    ["run at", job.status === "pending" && job.run_at !== job.created_at ? formatTime(job.run_at) : null],
    ["started", job.started_at && formatTime(job.started_at)],
    ["completed", job.completed_at && formatTime(job.completed_at)],
    ["runner", job.runner_id],
    ["retry of", job.retry_of],
    ["input", JSON.stringify(job.input_data)],
    ["output", job.status === "succeeded" ? JSON.stringify(job.output_data) : null],
    ["error", job.error && `${job.error.code}: ${job.error.message}`],
    ...errors,
  ]);
  return [details, ...stacksOf(job)].join("\n\n");
}

/** Such as `42 %  page 6 of 12`. */
export function formatProgress({ fraction, message }: Progress): string {
  return `${Math.floor(fraction * 100)} %${message === null ? "" : `  ${escapeText(message)}`}`;
}

/** Attempts that count, as `max_attempts` counts them. */
function attemptsOf({ attempt, excused_attempts, max_attempts }: Job): string {
  const excused = excused_attempts === 0 ? "" : `, and ${excused_attempts} that did not count`;
  return `${attempt - excused_attempts} of ${max_attempts}${excused}`;
}

/** The stacks of failed attempts, each once. */
function stacksOf({ errors }: Job): string[] {
  const told = new Set<string>();
  return errors.flatMap(({ attempt, stack }) => {
    if (stack === undefined || told.has(stack)) return [];
    told.add(stack);
    const lines = stack.split("\n").map((line) => `  ${toLine(line)}`);
    return [`stack of attempt ${attempt}\n${lines.join("\n")}`];
  });
}

/** The width of a table where no terminal says its own. */
const TABLE_WIDTH = 100;
/** What stands before the reason, with its gaps: id 36, status 9, priority 8, type 12, age 4. */
const BEFORE_REASON = 36 + 9 + 8 + 12 + 4 + 5 * 2;
const TYPE_LENGTH_MAX = 12;

/**
 * Columns for a list of jobs, with the names of their types. They fit into 100 columns; a wider terminal
 * shows more of the reason.
 */
export async function jobColumns(
  { jobTypes }: Pick<Platform, "jobTypes">,
  jobs: readonly Job[],
  width = TABLE_WIDTH,
): Promise<readonly Column<Job>[]> {
  const types = await jobTypes.findByIds([...new Set(jobs.map((job) => job.job_type_id))]);
  const names = new Map(types.map(({ id, name }) => [id, name]));
  return [
    { title: "ID", cell: (job) => job.id },
    { title: "STATUS", cell: (job) => job.status },
    { title: "PRIORITY", cell: (job) => PRIORITY_NAMES[job.priority] },
    { title: "TYPE", cell: (job) => names.get(job.job_type_id) ?? job.job_type_id, max: TYPE_LENGTH_MAX },
    { title: "AGE", cell: (job) => formatAge(Date.now() - Date.parse(job.created_at)), right: true },
    { title: "REASON", cell: reasonOf, max: Math.max(width, TABLE_WIDTH) - BEFORE_REASON },
  ];
}

/** Why it failed, or why its last attempt did. */
function reasonOf({ error, errors, status }: Job): string {
  const last = error ?? (status === "succeeded" ? undefined : errors.at(-1));
  return last ? `${last.code}: ${last.message}` : "";
}
