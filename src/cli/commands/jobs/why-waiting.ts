import type { Job } from "../../../core/model/job.ts";
import type { Platform } from "../../../core/use-cases/platform.ts";
import { formatTime } from "../../terminal/format.ts";

/** Why a pending job has not been started, and what to do; undefined when it is only not its turn yet. */
export async function whyWaiting(
  platform: Pick<Platform, "waitingJobs" | "jobTypes" | "runners">,
  job: Job,
): Promise<string | undefined> {
  const [paused_at, jobType, runners] = await Promise.all([
    platform.waitingJobs.pausedAt(),
    platform.jobTypes.findById(job.job_type_id),
    platform.runners.list(),
  ]);
  if (paused_at !== null)
    return `waits: the queue is paused since ${formatTime(paused_at)} (iep queue resume)`;
  if (jobType?.paused_at)
    return `waits: the job type ${jobType.name} is paused since ${formatTime(jobType.paused_at)} (iep job-types resume '${jobType.name}')`;
  // The second look of a waiting job comes after a second: what is due by then is not scheduled.
  if (Date.parse(job.run_at) > Date.now()) return `waits until ${formatTime(job.run_at)}`;
  if (runners.length === 0) return "waits: no runner is alive (iep runner)";
  return undefined;
}
