import { jobNotFound } from "../../core/model/not-found.ts";
import { PlatformError } from "../../core/lib/errors.ts";
import type { CustomerRepository, KeyOwner } from "../../core/model/customer.ts";
import type { ClaimedJob, Job, JobRepository, NewJob, NEXT_STATUSES, Outcome } from "../../core/model/job.ts";
import { SYSTEM_ACTOR, type WalletEntry, type WalletRepository } from "../../core/model/wallet.ts";

// The specification names these methods of its repositories. Nothing in production calls them: the platform
// works in batches. Each is the batch form, called with one.

/** `JobRepository.create`. */
export async function createJob(jobs: Pick<JobRepository, "submit">, job: NewJob): Promise<Job> {
  const [submitted] = await jobs.submit([job], { 0: false, 1: false, 2: false });
  if (!submitted) throw new Error("submit returned no result");
  if ("refused" in submitted) throw submitted.refused;
  return submitted.job;
}

/** `JobRepository.setStarted`. */
export async function setStarted(
  jobs: Pick<JobRepository, "claim">,
  id: string,
  runner_id: string,
): Promise<ClaimedJob | undefined> {
  const [claimed] = await jobs.claim({ runner_id, ids: [id] });
  return claimed;
}

/** `JobRepository.setCompleted`. */
export async function setCompleted(
  jobs: Pick<JobRepository, "settle" | "findById">,
  outcome: Outcome,
): Promise<Job> {
  const [refused] = await jobs.settle([outcome]);
  const job = await jobs.findById(outcome.id);
  if (!job) throw jobNotFound(outcome.id);
  if (refused) {
    throw new PlatformError(
      "stale_attempt",
      `Job ${job.id} is ${job.status} at attempt ${job.attempt}: attempt ${outcome.attempt} may write nothing.`,
    );
  }
  return job;
}

/** `JobRepository.updateStatus`: the outcome that ends an attempt with this status, without an output. */
export function outcomeFor(
  { id, attempt }: { readonly id: string; readonly attempt: number },
  status: (typeof NEXT_STATUSES.running)[number],
): Outcome {
  switch (status) {
    case "succeeded":
      return { id, attempt, kind: "succeeded", output: null };
    case "failed":
      return {
        id,
        attempt,
        kind: "failed",
        error: { code: "attempt_failed", message: "The attempt failed." },
      };
    case "cancelled":
      return { id, attempt, kind: "cancelled" };
    case "pending":
      return { id, attempt, kind: "released" };
  }
}

/** `WalletRepository.deductBalance`. */
export async function deductBalance(
  wallets: Pick<WalletRepository, "post">,
  deduction: Parameters<WalletRepository["deductBalance"]>[0],
): Promise<WalletEntry> {
  const { customer_id, amount_cents, reason } = deduction;
  const posting = {
    customer_id,
    kind: "adjustment",
    amount_cents: -amount_cents,
    reference: null,
    reason,
  } as const;
  return (await wallets.post(posting, SYSTEM_ACTOR)).entry;
}

/** `CustomerRepository.findByApiKey`. */
export async function findByApiKey(
  customers: Pick<CustomerRepository, "findByApiKeys">,
  keyHash: string,
): Promise<KeyOwner | undefined> {
  const [customer] = await customers.findByApiKeys([keyHash]);
  return customer && customer.key.ends_at > performance.now() ? customer : undefined;
}
