import type { PlatformError } from "../lib/errors.ts";
import { isRetryable } from "../lib/with-retry.ts";
import type { Submitted } from "../model/job.ts";

/**
 * Returns an outage as the refusal of one job, and throws any other error. Some jobs of a large request may
 * be stored while others find the database away: the caller must hear what was stored.
 */
export function refusedIfAway(error: unknown): Submitted {
  if (isRetryable(error)) return { refused: error };
  throw error;
}

/** Throws the outage when no job of a request was stored because of it. */
export function throwIfAllAway(submitted: readonly Submitted[]): void {
  const [first] = submitted;
  if (first && isAway(first) && submitted.every(isAway)) throw first.refused;
}

function isAway(submitted: Submitted): submitted is { refused: PlatformError } {
  if (!("refused" in submitted)) return false;
  // A queue that is full is this customer's own affair: it refuses jobs, never a request.
  return submitted.refused.retryable && submitted.refused.code !== "queue_full";
}
