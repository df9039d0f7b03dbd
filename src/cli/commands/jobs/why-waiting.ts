import type { Job, WaitingFor } from "../../../core/model/job.ts";
import type { JobType } from "../../../core/model/job-type.ts";
import type { Platform } from "../../../core/use-cases/platform.ts";
import { formatAge, formatTime } from "../../terminal/format.ts";
import { PRIORITY_NAMES } from "../../terminal/options.ts";

type Facts = Pick<Platform, "waitingJobs" | "jobTypes" | "runners" | "customers">;

/** Why a pending job has not been started, and what to do; undefined when it is not pending. */
export async function whyWaiting(platform: Facts, job: Job): Promise<string | undefined> {
  if (job.waiting_for === null) return undefined;
  if (job.waiting_for === "run_at") {
    const why = job.errors.length > 0 ? ", after an attempt that failed" : "";
    return `until ${formatTime(job.run_at)}${why}`;
  }
  if (job.waiting_for === "idle_runner")
    return "for a runner that runs nothing else: it lost two runners, and runs apart";
  if (job.waiting_for === "slot") return "for its turn";
  const jobType = await platform.jobTypes.findById(job.job_type_id);
  if (job.waiting_for === "resume") return await whyPaused(platform, jobType);
  if (job.waiting_for === "runner") return await whyUnserved(platform, job, jobType);
  return await whyLimited(platform, job, jobType);
}

async function whyPaused({ waitingJobs }: Facts, jobType: JobType | undefined): Promise<string> {
  const paused_at = await waitingJobs.pausedAt();
  if (paused_at !== null) return `the queue is paused since ${formatTime(paused_at)} (iep queue resume)`;
  if (jobType?.paused_at)
    return `the job type ${jobType.name} is paused since ${formatTime(jobType.paused_at)} (iep job-types resume '${jobType.name}')`;
  return "the pause was just ended";
}

async function whyUnserved({ runners }: Facts, job: Job, jobType: JobType | undefined): Promise<string> {
  if ((await runners.list()).length === 0) return "no runner is alive (iep runner)";
  return `no living runner serves it: processor ${jobType?.processing_logic_id}, priority ${PRIORITY_NAMES[job.priority]} (iep runners)`;
}

/** Names every limit that the job is under: what runs for each is not counted. */
async function whyLimited({ customers }: Facts, job: Job, jobType: JobType | undefined): Promise<string> {
  const ofCustomer = (await customers.findById(job.customer_id))?.running_limit ?? null;
  const ofType = jobType?.running_limit ?? null;
  const limits = [
    ...(ofCustomer === null
      ? []
      : [`${ofCustomer} of its customer (iep customers update ${job.customer_id} --running-limit <n|none>)`]),
    ...(ofType === null
      ? []
      : [`${ofType} of its type (iep job-types update '${jobType?.name}' --running-limit <n|none>)`]),
  ];
  return `as many jobs run as may: ${limits.join(" or ")}`;
}

const IN_SHORT = {
  resume: "paused",
  runner: "no runner serves it",
  limit: "running limit",
  idle_runner: "an idle runner",
  slot: "its turn",
} as const satisfies Record<Exclude<WaitingFor, "run_at">, string>;

/** What a pending job waits for, for the cell of a table; undefined when it is not pending. */
export function waitingInShort({ waiting_for, run_at, errors }: Job): string | undefined {
  if (waiting_for === null) return undefined;
  if (waiting_for !== "run_at") return IN_SHORT[waiting_for];
  return `${errors.length > 0 ? "again" : "starts"} in ${formatAge(Date.parse(run_at) - Date.now())}`;
}
