import type { Stage } from "../bench.ts";

export const BATCH = 1_000;
/** Calls that are under way at the same time: while the server works on one, the client prepares the next. */
export const CALLERS = 2;

/** Submits jobs that then wait, before something else is measured. */
export async function submit({ client }: Stage, count: number, first = 0): Promise<void> {
  await client.ask("submitBulk", { first, count, batch: BATCH, callers: CALLERS });
}
