import { hasEnded, type Job } from "../../../core/model/job.ts";
import type { Platform } from "../../../core/use-cases/platform.ts";
import { formatDetails, formatMoney, formatTime, type Column, type Detail } from "../../terminal/format.ts";
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
  return formatDetails([
    ["id", job.id],
    ["status", job.status],
    ["customer", job.customer_id],
    ["job type", jobType?.name ?? job.job_type_id],
    ["priority", `${job.priority} (${PRIORITY_NAMES[job.priority]})`],
    ["attempt", `${job.attempt} of ${job.max_attempts}`],
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
}

/** Columns for a list of jobs, with the names of their types and the currencies of their customers. */
export async function jobColumns(
  { jobTypes, wallets }: Pick<Platform, "jobTypes" | "wallets">,
  jobs: readonly Job[],
): Promise<readonly Column<Job>[]> {
  const [types, currencies] = await Promise.all([
    jobTypes.findByIds([...new Set(jobs.map((job) => job.job_type_id))]),
    wallets.findCurrencies([...new Set(jobs.map((job) => job.customer_id))]),
  ]);
  const money = (cents: number, job: Job): string => formatMoney(cents, currencies.get(job.customer_id));
  const names = new Map(types.map(({ id, name }) => [id, name]));
  return [
    { title: "ID", cell: (job) => job.id },
    { title: "STATUS", cell: (job) => job.status },
    { title: "PRIORITY", cell: (job) => PRIORITY_NAMES[job.priority] },
    { title: "TYPE", cell: (job) => names.get(job.job_type_id) ?? job.job_type_id },
    { title: "ATTEMPT", cell: (job) => `${job.attempt}/${job.max_attempts}`, right: true },
    {
      title: "HELD",
      cell: (job) => (hasEnded(job.status) ? "-" : money(job.estimated_cost_cents, job)),
      right: true,
    },
    {
      title: "CHARGED",
      cell: (job) => (job.cost_cents === null ? "-" : money(job.cost_cents, job)),
      right: true,
    },
    { title: "CREATED", cell: (job) => formatTime(job.created_at) },
    { title: "CUSTOMER", cell: (job) => job.customer_id },
  ];
}
