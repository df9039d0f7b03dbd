import { PlatformError } from "../lib/errors.ts";

export function customerNotFound(id: string): PlatformError {
  return new PlatformError("not_found", `There is no customer ${id}.`);
}

/** For a change of a customer that was erased: nobody comes back. */
export function customerErased(id: string): PlatformError {
  return new PlatformError("customer_erased", `The customer ${id} was erased. Create a new one.`);
}

export function jobTypeNotFound(id: string): PlatformError {
  return new PlatformError("not_found", `There is no job type ${id}.`);
}

export function jobNotFound(id: string): PlatformError {
  return new PlatformError("not_found", `There is no job ${id}.`);
}

export function bulkActionNotFound(id: string): PlatformError {
  return new PlatformError("not_found", `There is no bulk action ${id}.`);
}

export function webhookEndpointNotFound(id: string): PlatformError {
  return new PlatformError("not_found", `There is no webhook endpoint ${id}.`);
}

export function webhookDeliveryNotFound(id: string): PlatformError {
  return new PlatformError("not_found", `There is no webhook delivery ${id}.`);
}

export function runnerNotFound(id: string): PlatformError {
  return new PlatformError("not_found", `There is no living runner ${id}.`);
}
