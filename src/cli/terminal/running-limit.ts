import type { Column } from "./format.ts";

/** The option of a customer or a job type that `RunningLimit` reads. */
export const RUNNING_LIMIT_OPTION = [
  "--running-limit <n|none>",
  "how many of its jobs may run at the same time; none, as at first: as many as there are slots",
] as const;

/** Stands only in lists of customers or job types of which one has a limit. */
export const RUNNING_LIMIT_COLUMN: Column<{ readonly running_limit: number | null }> = {
  title: "RUNNING LIMIT",
  cell: (row) => row.running_limit ?? "none",
  right: true,
  used: (row) => row.running_limit !== null,
};
