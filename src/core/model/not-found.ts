import { PlatformError } from "../lib/errors.ts";

export function customerNotFound(id: string): PlatformError {
  return new PlatformError("not_found", `There is no customer ${id}.`);
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
