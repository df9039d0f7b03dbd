import { idempotencyKeyReused } from "../../core/model/refusals.ts";
import { isViolationOf } from "../connection/errors.ts";

/** Calls a function that raises where a key stands for another request; throws the refusal then. */
export async function refusingReusedKey<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw isViolationOf(error, "idempotency_key_reused") ? idempotencyKeyReused() : error;
  }
}
