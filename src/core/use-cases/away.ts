import type { PlatformError } from "../lib/errors.ts";
import { isRetryable } from "../lib/with-retry.ts";
import type { Submitted } from "../model/job.ts";

/**
 * Parts of a large request may be stored while another part finds the database away: the caller must hear
 * what was stored.
 */
export function refusedIfAway(error: unknown): Submitted {
  if (isRetryable(error)) return { refused: error };
  throw error;
}

export function throwIfAllAway(submitted: readonly Submitted[]): void {
  const [first] = submitted;
  if (first && isAway(first) && submitted.every(isAway)) throw first.refused;
}

function isAway(submitted: Submitted): submitted is { refused: PlatformError } {
  return "refused" in submitted && submitted.refused.retryable;
}
