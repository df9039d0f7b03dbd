import { PlatformError } from "../lib/errors.ts";

// Why a job is not taken, whatever it costs: the same words wherever somebody finds it out.

export function unknownCustomer(customer_id: string): PlatformError {
  return new PlatformError("unknown_customer", `There is no customer ${customer_id}.`, {
    errors: [{ pointer: "/customer_id", message: "is not known" }],
  });
}

export function customerInactive(): PlatformError {
  return new PlatformError("customer_inactive", "This customer is not active and cannot submit jobs.");
}

export function unknownJobType(job_type_id: string): PlatformError {
  return new PlatformError("unknown_job_type", `There is no job type ${job_type_id}.`, {
    errors: [{ pointer: "/job_type_id", message: "is not known" }],
  });
}

export function jobTypeDisabled(): PlatformError {
  return new PlatformError("job_type_disabled", "This job type takes no new jobs.", {
    errors: [{ pointer: "/job_type_id", message: "is disabled" }],
  });
}

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
