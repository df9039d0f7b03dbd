import { idempotencyKeyReused } from "../../core/model/refusals.ts";
import { isViolationOf } from "../connection/errors.ts";

/** For the functions that raise where a key stands for another request. */
export async function refusingReusedKey<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    throw isViolationOf(error, "idempotency_key_reused") ? idempotencyKeyReused() : error;
  }
}
