import type { JobType } from "../../../core/model/job-type.ts";
import type { Platform } from "../../../core/use-cases/platform.ts";

const PAGE = 200;

/** Every job type, newest first, read a page at a time: they are few. */
export async function* allJobTypes({ jobTypes }: Pick<Platform, "jobTypes">): AsyncGenerator<JobType> {
  let before: string | undefined;
  for (;;) {
    const page = await jobTypes.list({ limit: PAGE, before });
    yield* page;
    if (page.length < PAGE) return;
    before = page.at(-1)?.id;
  }
}
