import { tidyText } from "../../../core/lib/text-fault.ts";
import { PlatformError } from "../../../core/lib/errors.ts";
import { nearest } from "../../../core/lib/nearest.ts";
import type { JobType } from "../../../core/model/job-type.ts";
import { jobTypeNotFound } from "../../../core/model/not-found.ts";
import type { Platform } from "../../../core/use-cases/platform.ts";
import { Id } from "../../terminal/options.ts";

const PAGE = 200;

type JobTypes = Pick<Platform, "jobTypes">;

/**
 * The job type with this id or this name, in whatever case where only one has it. Throws `code`, with the name that was probably meant.
 */
export async function findJobType(
  platform: JobTypes,
  idOrName: string,
  code: "unknown_job_type" | "not_found" = "unknown_job_type",
): Promise<JobType> {
  const id = Id.safeParse(idOrName);
  if (!id.success) return await findByName(platform, idOrName, code);
  const found = await platform.jobTypes.findById(id.data);
  if (!found) throw new PlatformError(code, jobTypeNotFound(idOrName).message);
  return found;
}

/** Names are unique, and two may differ by their case alone. */
async function findByName(
  platform: JobTypes,
  name: string,
  code: "unknown_job_type" | "not_found",
): Promise<JobType> {
  const wanted = folded(name);
  const names: string[] = [];
  const alike: JobType[] = [];
  for await (const jobType of allJobTypes(platform)) {
    if (jobType.name === name) return jobType;
    if (folded(jobType.name) === wanted) alike.push(jobType);
    names.push(jobType.name);
  }
  const [only, ...others] = alike;
  if (only && others.length === 0) return only;
  const meant = only
    ? alike.map((one) => one.name)
    : [nearest(name, names)].filter((one) => one !== undefined);
  const hint =
    meant.length > 0
      ? `Did you mean ${meant.map((one) => `"${one}"`).join(" or ")}?`
      : "List them all: iep job-types list";
  throw new PlatformError(code, `There is no job type "${name}". ${hint}`);
}

function folded(name: string): string {
  return tidyText(name).toLowerCase();
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
