import { PlatformError } from "../core/errors.ts";
import { isViolationOf } from "./errors.ts";

export function idempotencyKeyReused(): PlatformError {
  return new PlatformError(
    "idempotency_key_reused",
    "This Idempotency-Key was sent with another request. Use a new key for a new request.",
  );
}

export function madeJobIsGone(): PlatformError {
  return new PlatformError(
    "job_gone",
    "The job that this Idempotency-Key made is so old that it was removed. Use a new key for a new job.",
  );
}

/** For the functions that raise where a key stands for another request. */
export async function refusingReusedKey<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    throw isViolationOf(error, "idempotency_key_reused") ? idempotencyKeyReused() : error;
  }
}
