import type { Pool } from "pg";
import type { Logger } from "pino";
import { InputSchemas } from "../core/use-cases/input-schema.ts";
import { JobTypeCache } from "../core/use-cases/job-type-cache.ts";
import { createCustomerKeys, type CustomerKeys } from "../core/use-cases/customer-keys.ts";
import type { Platform } from "../core/use-cases/platform.ts";
import type { GaugeRepository } from "../core/model/gauges.ts";
import type { SubmitMeter } from "../core/model/meters.ts";
import type { ReadyQueue } from "../core/model/ready-queue.ts";
import type { TraceRepository } from "../core/model/traces.ts";
import { createOperatorKeys, type OperatorKeys } from "../core/use-cases/operator-keys.ts";
import { createOperatorLog } from "../core/use-cases/operator-log.ts";
import { createRateLimits } from "../core/use-cases/rate-limits.ts";
import { createSessions, type Sessions } from "../core/use-cases/sessions.ts";
import { createSubmissions } from "../core/use-cases/submissions.ts";
import { PostgresAuditRepository, readAudit } from "../postgres/repositories/audit.ts";
import { PostgresBulkActionRepository } from "../postgres/repositories/bulk-actions.ts";
import { PostgresWaitingJobRepository } from "../postgres/repositories/waiting-jobs.ts";
import { createBell } from "../postgres/signals/bell.ts";
import { createJobChanges } from "../postgres/signals/job-changes.ts";
import { createKeyChanges } from "../postgres/signals/key-changes.ts";
import { createListener } from "../postgres/signals/listener.ts";
import { PostgresCustomerRepository } from "../postgres/repositories/customers.ts";
import { createDatabase, ping } from "../postgres/connection/database.ts";
import { PostgresJobTypeRepository } from "../postgres/repositories/job-types.ts";
import { PostgresEventFeedRepository } from "../postgres/repositories/event-feed.ts";
import { PostgresJobEventRepository } from "../postgres/repositories/job-events.ts";
import { PostgresJobLogRepository } from "../postgres/repositories/job-log.ts";
import { PostgresJobRepository } from "../postgres/repositories/jobs.ts";
import {
  GAUGE_LIMITS,
  openPool,
  REPORT_LIMITS,
  REQUEST_LIMITS,
  RUNNER_LIMITS,
  type Limits,
} from "../postgres/connection/pool.ts";
import { PostgresGaugeRepository } from "../postgres/repositories/gauges.ts";
import { PostgresOperatorActionRepository } from "../postgres/repositories/operator-actions.ts";
import { PostgresOperatorRepository } from "../postgres/repositories/operators.ts";
import { PostgresPriceRepository } from "../postgres/repositories/prices.ts";
import { PostgresProcessorSchemaRepository } from "../postgres/repositories/processor-schemas.ts";
import { PostgresErasureRepository } from "../postgres/repositories/erasures.ts";
import { PostgresFailureRepository } from "../postgres/repositories/failures.ts";
import { PostgresFigureRepository } from "../postgres/repositories/figures.ts";
import { PostgresLedgerRepository } from "../postgres/repositories/ledger.ts";
import { readPlatformId } from "../postgres/repositories/platform-id.ts";
import { forgetExpired } from "../postgres/repositories/expiry.ts";
import { PostgresRunnerRepository } from "../postgres/repositories/runners.ts";
import { PostgresSealRepository } from "../postgres/repositories/seals.ts";
import { PostgresSessionRepository } from "../postgres/repositories/sessions.ts";
import { PostgresTraceRepository } from "../postgres/repositories/traces.ts";
import { PostgresUsageRepository } from "../postgres/repositories/usage.ts";
import { PostgresWalletRepository } from "../postgres/repositories/wallets.ts";
import { PostgresJobWebhookRepository } from "../postgres/repositories/job-webhooks.ts";
import { PostgresWebhookDeliveryRepository } from "../postgres/repositories/webhook-deliveries.ts";
import { PostgresWebhookEndpointRepository } from "../postgres/repositories/webhook-endpoints.ts";
import { createPostgresReadyQueue } from "../queue/postgres-ready-queue.ts";
import { createRedisRateShare } from "../queue/redis/redis-rate-share.ts";
import { RedisReadyQueue } from "../queue/redis-ready-queue.ts";
import { SchemaThreadPool } from "../schema-threads/schema-thread-pool.ts";

interface PlatformConfig {
  readonly DATABASE_URL: string;
  /** Past a pooler, for what needs a connection of its own: LISTEN. */
  readonly DATABASE_DIRECT_URL?: string | undefined;
  readonly REDIS_URL?: string | undefined;
  readonly QUEUE_KEY_PREFIX: string;
  readonly DATABASE_POOL_SIZE: number;
  readonly WEBHOOK_ALLOW_PRIVATE?: boolean | undefined;
  /** Of new customers. */
  readonly CUSTOMER_RUNNING_LIMIT?: number | undefined;
  readonly CUSTOMER_WAITING_LIMIT?: number | undefined;
  /** 0, or left out: without a limit. */
  readonly KEY_REQUESTS_PER_SECOND?: number | undefined;
  readonly ADDRESS_FAILURES_PER_MINUTE?: number | undefined;
}

/** A pool of connections, as its numbers stand now. */
interface OpenedPool {
  readonly name: string;
  readonly size: number;
  readonly totalCount: number;
  readonly idleCount: number;
  readonly waitingCount: number;
}

export interface OpenPlatform extends Platform {
  readonly gauges: GaugeRepository;
  readonly traces: TraceRepository;
  readonly pools: readonly OpenedPool[];
  close(): Promise<void>;
}

/**
 * The part of DATABASE_POOL_SIZE that is reserved for claims and settles, so that a runner never waits for a
 * connection behind requests. The rest is for requests and upkeep.
 */
const RUNNER_SHARE = 1 / 3;
/**
 * Connections of the audit, beside DATABASE_POOL_SIZE. The heartbeat of a runner and LISTEN have one more each.
 */
const AUDIT_CONNECTIONS = 1;
/** And of metrics, while somebody reads them. */
const GAUGE_CONNECTIONS = 1;

/**
 * Chooses the implementation of each interface. Connections open when they are first used; `close` ends them.
 */
export function openPlatform(
  config: PlatformConfig,
  name: string,
  log: Logger,
  meter?: SubmitMeter,
): OpenPlatform {
  const runnerSize = Math.max(1, Math.floor(config.DATABASE_POOL_SIZE * RUNNER_SHARE));
  const said = new Set<string>();
  const warn = (line: string): void => {
    if (!said.has(line)) log.warn(line);
    said.add(line);
  };
  const open = (size: number, purpose: string, limits: Limits) =>
    openPool({ url: config.DATABASE_URL, size, name: `${name}${purpose}`, limits, warn });
  const requestPool = open(config.DATABASE_POOL_SIZE - runnerSize, "", REQUEST_LIMITS);
  const runnerPool = open(runnerSize, " claims", RUNNER_LIMITS);
  const auditPool = open(AUDIT_CONNECTIONS, " audit", REPORT_LIMITS);
  const gaugePool = open(GAUGE_CONNECTIONS, " metrics", GAUGE_LIMITS);
  const database = createDatabase(requestPool);
  const claims = createDatabase(runnerPool);
  const jobs = new PostgresJobRepository({ requests: database, runners: claims });
  const jobTypes = new PostgresJobTypeRepository(database);
  const waitingJobs = new PostgresWaitingJobRepository(database);
  const reports = createDatabase(auditPool);
  const schemaThreads = new SchemaThreadPool();
  const listener = createListener(config.DATABASE_DIRECT_URL ?? config.DATABASE_URL);
  const bell = createBell(database, listener);
  const keyChanges = createKeyChanges(database, listener);
  const jobChanges = createJobChanges(database, listener);
  // What this process changes, its own caches forget at once.
  const forget = (id: string): void => {
    customerKeys.forget(id);
    operatorKeys.forget(id);
    sessions.forget(id);
  };
  const customers = new PostgresCustomerRepository(database, forget, {
    running_limit: config.CUSTOMER_RUNNING_LIMIT,
    waiting_limit: config.CUSTOMER_WAITING_LIMIT,
  });
  const customerKeys: CustomerKeys = createCustomerKeys(customers, keyChanges);
  const operators = new PostgresOperatorRepository(database, forget);
  const operatorKeys: OperatorKeys = createOperatorKeys(operators, keyChanges);
  const operatorActions = new PostgresOperatorActionRepository(database);
  const sessionRows = new PostgresSessionRepository(database, forget);
  const sessions: Sessions = createSessions(sessionRows, keyChanges);
  const readyQueue: ReadyQueue =
    config.REDIS_URL === undefined
      ? createPostgresReadyQueue({ jobs, waitingJobs, bell })
      : new RedisReadyQueue({
          url: config.REDIS_URL,
          prefix: config.QUEUE_KEY_PREFIX,
          jobs,
          waitingJobs,
          bell,
          platformId: () => readPlatformId(database),
          say: (level, line) => log[level](line),
        });
  const rateShare =
    config.REDIS_URL === undefined
      ? undefined
      : createRedisRateShare(config.REDIS_URL, config.QUEUE_KEY_PREFIX);
  const rates = {
    requests_per_second: config.KEY_REQUESTS_PER_SECOND,
    failures_per_minute: config.ADDRESS_FAILURES_PER_MINUTE,
  };
  return {
    customers,
    customerKeys,
    operators,
    operatorKeys,
    operatorActions,
    operatorLog: createOperatorLog(operatorActions),
    sessionRows,
    sessions,
    rateLimits: createRateLimits(rates, rateShare),
    wallets: new PostgresWalletRepository(database),
    jobTypes,
    jobTypeCache: new JobTypeCache(jobTypes),
    inputSchemas: new InputSchemas(schemaThreads),
    processorSchemas: new PostgresProcessorSchemaRepository(database),
    jobs,
    jobLog: new PostgresJobLogRepository(database),
    jobChanges,
    jobEvents: new PostgresJobEventRepository(database),
    eventFeed: new PostgresEventFeedRepository(database),
    waitingJobs,
    readyQueue,
    runners: new PostgresRunnerRepository(database),
    submissions: createSubmissions({ jobs, readyQueue }, meter),
    prices: new PostgresPriceRepository(database),
    seals: new PostgresSealRepository({ upkeep: database, reports }),
    erasures: new PostgresErasureRepository(database, forget),
    bulkActions: new PostgresBulkActionRepository(database),
    usage: new PostgresUsageRepository(database),
    figures: new PostgresFigureRepository(database),
    failures: new PostgresFailureRepository(database),
    traces: new PostgresTraceRepository(claims),
    gauges: new PostgresGaugeRepository(createDatabase(gaugePool)),
    pools: [shown("requests", requestPool), shown("claims", runnerPool), shown("audit", auditPool)],
    ledger: new PostgresLedgerRepository(database),
    audits: new PostgresAuditRepository({ requests: database, reports }),
    webhookEndpoints: new PostgresWebhookEndpointRepository(database),
    webhookDeliveries: new PostgresWebhookDeliveryRepository(database),
    jobWebhooks: new PostgresJobWebhookRepository(database),
    webhookRules: { allowPrivate: config.WEBHOOK_ALLOW_PRIVATE ?? false },
    audit: () => readAudit(reports),
    forgetExpired: () => forgetExpired(database),
    async ping() {
      await ping(database);
    },
    async close() {
      keyChanges.close();
      rateShare?.close();
      await jobChanges.close();
      await Promise.all([readyQueue.close(), schemaThreads.close()]);
      await Promise.all([requestPool, runnerPool, auditPool, gaugePool].map((pool) => pool.end()));
    },
  };
}

function shown(name: string, pool: Pool): OpenedPool {
  return {
    name,
    size: pool.options.max,
    get totalCount() {
      return pool.totalCount;
    },
    get idleCount() {
      return pool.idleCount;
    },
    get waitingCount() {
      return pool.waitingCount;
    },
  };
}
