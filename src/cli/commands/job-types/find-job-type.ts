import { tidyText } from "../../../core/lib/text-fault.ts";
import { PlatformError } from "../../../core/lib/errors.ts";
import type { JobType } from "../../../core/model/job-type.ts";
import type { Platform } from "../../../core/use-cases/platform.ts";
import { Id } from "../../terminal/options.ts";

const PAGE = 200;

type JobTypes = Pick<Platform, "jobTypes">;

/** The job type with this id or this name. Throws `unknown_job_type`. */
export async function findJobType(platform: JobTypes, idOrName: string): Promise<JobType> {
  const id = Id.safeParse(idOrName);
  const found =
    (id.success && (await platform.jobTypes.findById(id.data))) || (await findByName(platform, idOrName));
  if (!found)
    throw new PlatformError(
      "unknown_job_type",
      `There is no job type "${idOrName}". List them all: iep job-types list`,
    );
  return found;
}

/** Names are unique. */
async function findByName(platform: JobTypes, name: string): Promise<JobType | undefined> {
  const tidy = tidyText(name);
  for await (const jobType of allJobTypes(platform)) if (jobType.name === tidy) return jobType;
  return undefined;
}

/** All job types, newest first, read page by page. There are few. */
export async function* allJobTypes({ jobTypes }: JobTypes): AsyncGenerator<JobType> {
  let before: string | undefined;
  for (;;) {
    const page = await jobTypes.list({ limit: PAGE, before });
    yield* page;
    if (page.length < PAGE) return;
    before = page.at(-1)?.id;
  }
}
