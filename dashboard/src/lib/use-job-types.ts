import { useEffect } from "preact/hooks";
import type { Api } from "../api-types.gen.ts";
import { note } from "./names.ts";
import { useAnswer } from "./use-answer.ts";

export type JobType = Api["JobType"];
export type OfferedJobType = Api["OfferedJobType"];

interface Page {
  readonly data: readonly (JobType | OfferedJobType)[];
}

/** The newest 200 job types, as whoever looks on sees them. */
export function useJobTypes(): readonly (JobType | OfferedJobType)[] {
  const { data } = useAnswer<Page>("/job-types?limit=200", 0);
  useEffect(() => {
    for (const type of data?.data ?? []) note(type.id, type);
  }, [data]);
  return data?.data ?? [];
}
