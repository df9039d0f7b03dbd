import { PlatformError } from "../../core/lib/errors.ts";

/**
 * What `run` returns, or the PlatformError that it throws: a wrong item of a batch must not fail the others.
 */
export function valueOrRefusal<T>(run: () => T): T | PlatformError {
  try {
    return run();
  } catch (error) {
    if (error instanceof PlatformError) return error;
    throw error;
  }
}
