import type { AuditRow } from "./audit.ts";
import type { CustomerRepository } from "./customer.ts";
import type { GroupCommit } from "./group-commit.ts";
import type { JobRepository, NewJob, Submitted } from "./job.ts";
import type { JobTypeCache } from "./job-type-cache.ts";
import type { JobTypeRepository } from "./job-type.ts";
import type { BacklogRepository, ReadyQueue } from "./ready-queue.ts";
import type { RunnerRepository } from "./runner.ts";
import type { WalletRepository } from "./wallet.ts";

/** Everything that a use case needs, put together once by `src/bin`. */
export interface Platform {
  readonly customers: CustomerRepository;
  readonly wallets: WalletRepository;
  readonly jobTypes: JobTypeRepository;
  readonly jobTypeCache: JobTypeCache;
  readonly jobs: JobRepository;
  readonly backlog: BacklogRepository;
  readonly readyQueue: ReadyQueue;
  readonly runners: RunnerRepository;
  /** All submissions of this process go through here: see `submitJobs`. */
  readonly submissions: GroupCommit<NewJob, Submitted>;
  audit(): Promise<AuditRow[]>;
  /** Throws `unavailable` when the database does not answer. */
  ping(): Promise<void>;
}
