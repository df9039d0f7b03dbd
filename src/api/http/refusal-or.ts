import { PlatformError } from "../../core/lib/errors.ts";

/** For the items of a batch: what is wrong with one must not fail the others. */
export function refusalOr<T>(run: () => T): T | PlatformError {
  try {
    return run();
  } catch (error) {
    if (error instanceof PlatformError) return error;
    throw error;
  }
}
