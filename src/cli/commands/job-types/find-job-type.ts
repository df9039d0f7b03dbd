import { PlatformError } from "../../../core/lib/errors.ts";
import type { JobType } from "../../../core/model/job-type.ts";
import type { Platform } from "../../../core/use-cases/platform.ts";
import { allJobTypes } from "./all-job-types.ts";
import { Id } from "../../terminal/options.ts";

/** The job type of an id or a name, whichever it is. Throws `unknown_job_type`. */
export async function findJobType(platform: Pick<Platform, "jobTypes">, idOrName: string): Promise<JobType> {
  const id = Id.safeParse(idOrName);
  const found =
    (id.success && (await platform.jobTypes.findById(id.data))) || (await findByName(platform, idOrName));
  if (!found)
    throw new PlatformError(
      "unknown_job_type",
      `There is no job type "${idOrName}": see iep job-types list.`,
    );
  return found;
}

/** Names are unique. */
async function findByName(platform: Pick<Platform, "jobTypes">, name: string): Promise<JobType | undefined> {
  for await (const jobType of allJobTypes(platform)) if (jobType.name === name) return jobType;
  return undefined;
}
