import type { AuditRow } from "../model/audit.ts";
import type { CustomerRepository } from "../model/customer.ts";
import type { GroupCommit } from "../lib/group-commit.ts";
import type { JobRepository, NewJob, Submitted } from "../model/job.ts";
import type { JobTypeCache } from "./job-type-cache.ts";
import type { JobTypeRepository } from "../model/job-type.ts";
import type { PriceRepository } from "../model/price.ts";
import type { ReadyQueue } from "../model/ready-queue.ts";
import type { RunnerRepository } from "../model/runner.ts";
import type { SealRepository } from "../model/seals.ts";
import type { WaitingJobRepository } from "../model/waiting-jobs.ts";
import type { WalletRepository } from "../model/wallet.ts";

/** Everything that a use case needs, put together once by `src/bin`. */
export interface Platform {
  readonly customers: CustomerRepository;
  readonly wallets: WalletRepository;
  readonly jobTypes: JobTypeRepository;
  readonly prices: PriceRepository;
  readonly jobTypeCache: JobTypeCache;
  readonly jobs: JobRepository;
  readonly waitingJobs: WaitingJobRepository;
  readonly readyQueue: ReadyQueue;
  readonly runners: RunnerRepository;
  /** All submissions of this process go through here: see `submitJobs`. */
  readonly submissions: GroupCommit<NewJob, Submitted>;
  readonly seals: SealRepository;
  audit(): Promise<AuditRow[]>;
  /** Deletes a bounded batch of expired idempotency keys, outbox events and late ids. True when there was more. */
  forgetExpired(): Promise<boolean>;
  /** Throws `unavailable` when the database does not respond. */
  ping(): Promise<void>;
}
