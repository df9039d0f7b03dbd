import type { AuditRepository, AuditRow } from "../model/audit.ts";
import type { BulkActionRepository } from "../model/bulk-action.ts";
import type { CustomerKeys } from "./customer-keys.ts";
import type { CustomerRepository } from "../model/customer.ts";
import type { ErasureRepository } from "../model/erasure.ts";
import type { FailureRepository } from "../model/failure.ts";
import type { EventFeedRepository } from "../model/event-feed.ts";
import type { FigureRepository } from "../model/figures.ts";
import type { InputSchemas } from "./input-schema.ts";
import type { JobRepository } from "../model/job.ts";
import type { JobChanges } from "../model/job-changes.ts";
import type { JobEventRepository } from "../model/job-event.ts";
import type { JobLogRepository } from "../model/job-log.ts";
import type { JobWebhookRepository } from "../model/job-webhook.ts";
import type { JobTypeCache } from "./job-type-cache.ts";
import type { JobTypeRepository } from "../model/job-type.ts";
import type { OperatorKeys } from "./operator-keys.ts";
import type { OperatorActionRepository } from "../model/operator-action.ts";
import type { OperatorLog } from "./operator-log.ts";
import type { OperatorRepository } from "../model/operator.ts";
import type { LedgerRepository } from "../model/ledger.ts";
import type { PriceRepository } from "../model/price.ts";
import type { ProcessorSchemaRepository } from "../model/processor-schema.ts";
import type { RateLimits } from "./rate-limits.ts";
import type { ReadyQueue } from "../model/ready-queue.ts";
import type { RunnerRepository } from "../model/runner.ts";
import type { SealRepository } from "../model/seals.ts";
import type { SessionRepository } from "../model/session.ts";
import type { Sessions } from "./sessions.ts";
import type { UsageRepository } from "../model/usage.ts";
import type { WaitingJobRepository } from "../model/waiting-jobs.ts";
import type { WalletRepository } from "../model/wallet.ts";
import type { WebhookDeliveryRepository, WebhookEndpointRepository, WebhookRules } from "../model/webhook.ts";
import type { Submissions } from "./submissions.ts";

/** Everything that a use case needs, put together once by `src/bin`. */
export interface Platform {
  readonly customers: CustomerRepository;
  readonly customerKeys: CustomerKeys;
  readonly operators: OperatorRepository;
  readonly operatorKeys: OperatorKeys;
  readonly operatorActions: OperatorActionRepository;
  readonly operatorLog: OperatorLog;
  /** Where sessions are stored. */
  readonly sessionRows: SessionRepository;
  /** The sessions of requests, from a cache. */
  readonly sessions: Sessions;
  /** How often something may be asked for. */
  readonly rateLimits: RateLimits;
  readonly wallets: WalletRepository;
  readonly jobTypes: JobTypeRepository;
  readonly prices: PriceRepository;
  readonly jobTypeCache: JobTypeCache;
  readonly inputSchemas: InputSchemas;
  readonly processorSchemas: ProcessorSchemaRepository;
  readonly jobs: JobRepository;
  readonly jobLog: JobLogRepository;
  readonly jobChanges: JobChanges;
  readonly jobEvents: JobEventRepository;
  readonly eventFeed: EventFeedRepository;
  readonly waitingJobs: WaitingJobRepository;
  readonly readyQueue: ReadyQueue;
  readonly runners: RunnerRepository;
  /** All submissions of this process go through here: see `submitJobs`. */
  readonly submissions: Submissions;
  readonly bulkActions: BulkActionRepository;
  readonly erasures: ErasureRepository;
  readonly seals: SealRepository;
  readonly figures: FigureRepository;
  readonly usage: UsageRepository;
  readonly failures: FailureRepository;
  readonly ledger: LedgerRepository;
  readonly audits: AuditRepository;
  readonly webhookEndpoints: WebhookEndpointRepository;
  readonly webhookDeliveries: WebhookDeliveryRepository;
  readonly jobWebhooks: JobWebhookRepository;
  readonly webhookRules: WebhookRules;
  audit(): Promise<AuditRow[]>;
  /** Deletes a bounded batch of expired idempotency keys, outbox events, late ids and figures. True when there was more. */
  forgetExpired(): Promise<boolean>;
  /** Throws `unavailable` when the database does not respond. */
  ping(): Promise<void>;
}
