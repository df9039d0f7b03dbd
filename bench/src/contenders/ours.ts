import { setTimeout as wait } from "node:timers/promises";
import { pino } from "pino";
import { v7 as uuidv7 } from "uuid";
import { LEASE_SECONDS, RETENTION_DAYS } from "../../../src/core/model/limits.ts";
import { openPlatform } from "../../../src/bin/open-platform.ts";
import { createApiKey } from "../../../src/core/model/api-key.ts";
import { submitJobs, type SubmitJob } from "../../../src/core/use-cases/submit-jobs.ts";
import { createHeartbeat } from "../../../src/postgres/signals/heartbeat.ts";
import { migrateUp } from "../../../src/postgres/connection/migrator.ts";
import {
  FAIR_SLOTS,
  type Client,
  type Contender,
  type Payload,
  type Site,
  type Watch,
  type Worker,
} from "../contender.ts";
import { countRows } from "../servers/sql.ts";

const COST_CENTS = 5;
/** Enough for all jobs of a run. */
const BALANCE_CENTS = 1_000_000_000;
const PROCESSOR = "bench.noop";
const ADMIN_API_KEY = "bench-admin-key-0123456789";
const RUNNER_CONCURRENCY = 1_000;
const DATABASE_POOL_SIZE = 10;
/** The default of PRIORITY_AGING_SECONDS. */
const AGEING_SECONDS = 300;

// Not `warn`: one scenario takes Redis away, which the platform logs as a warning.
const log = pino({ level: "error" });

function create(title: string, usesRedis: boolean): Contender {
  const openFor = (site: Site, name: string) =>
    openPlatform(
      {
        DATABASE_URL: site.databaseUrl,
        REDIS_URL: usesRedis ? site.redisUrl : undefined,
        QUEUE_KEY_PREFIX: "jobs",
        DATABASE_POOL_SIZE,
      },
      name,
      log,
    );

  return {
    title,
    settings:
      `RUNNER_CONCURRENCY=${RUNNER_CONCURRENCY}, DATABASE_POOL_SIZE=${DATABASE_POOL_SIZE} (the default), ` +
      `${usesRedis ? "Redis lists" : "no REDIS_URL"}; every job is priced, held, charged, in the ledger and kept`,
    source: "README.md, the table of variables",
    share: 1,
    fairness: "by itself",

    async setUp(place, purpose, customers) {
      await migrateUp(place.databaseUrl);
      const site = { ...place, purpose, jobTypeId: uuidv7(), customerIds: [], apiKeys: [] };
      const platform = openFor(site, "bench set-up");
      try {
        await platform.jobTypes.create({
          id: site.jobTypeId,
          name: "No-op",
          processing_logic_id: PROCESSOR,
          standard_cost_cents: COST_CENTS,
        });
        const accounts = await Promise.all(
          Array.from({ length: customers }, async () => {
            const id = uuidv7();
            await platform.customers.create({ id, name: "B", email: "bench@example.com", currency: "EUR" });
            await platform.wallets.topUp({
              customer_id: id,
              amount_cents: BALANCE_CENTS,
              reference: "start",
            });
            const { api_key, ...key } = createApiKey();
            await platform.customers.addApiKey({ ...key, id: uuidv7(), customer_id: id, name: null });
            return { id, api_key };
          }),
        );
        return {
          ...site,
          customerIds: accounts.map(({ id }) => id),
          apiKeys: accounts.map(({ api_key }) => api_key),
        };
      } finally {
        await platform.close();
      }
    },

    async openClient(site): Promise<Client> {
      const platform = openFor(site, "bench client");
      await platform.ping();
      const toRequest = (payload: Payload): SubmitJob => ({
        customer_id: site.customerIds[(payload.customer ?? payload.n) % site.customerIds.length] ?? "",
        job_type_id: site.jobTypeId,
        input_data: payload,
      });
      const submit = async (payloads: readonly Payload[]): Promise<void> => {
        const submitted = await submitJobs(platform, payloads.map(toRequest));
        const refused = submitted.find((one) => "refused" in one);
        if (refused && "refused" in refused) throw refused.refused;
      };
      return {
        submitBulk: submit,
        submitOne: (payload) => submit([payload]),
        async counts() {
          const [open = 0, succeeded = 0] = await countRows(site.databaseUrl, [
            "jobs WHERE status IN ('pending', 'running')",
            "jobs WHERE status = 'succeeded'",
          ]);
          return { open, succeeded };
        },
        async audit() {
          const rows = await platform.audit();
          return rows
            .filter(({ broken }) => broken > 0)
            .map(({ says, broken }) => `${says}: ${broken} broken`);
        },
        close: () => platform.close(),
      };
    },

    /** As `src/bin/run-runner.ts` does, with a processor of the bench, which watches. */
    async openWorker(site, watch): Promise<Worker> {
      const [{ Runner }, { startUpkeep }, { upkeepTasks }, noop] = await Promise.all([
        import("../../../src/runner/runner.ts"),
        import("../../../src/upkeep/upkeep.ts"),
        import("../../../src/upkeep/tasks.ts"),
        createNoop(watch),
      ]);
      const platform = openFor(site, "bench runner");
      await platform.ping();
      const runner = new Runner({
        platform,
        processors: new Map([[noop.id, noop]]),
        concurrency: site.purpose === "fairness" ? FAIR_SLOTS : RUNNER_CONCURRENCY,
        heartbeat: createHeartbeat(site.databaseUrl),
        version: "bench",
        log,
        onSettled: (job, outcome) => {
          if (outcome.kind === "succeeded") watch.settled(numberOf(job.input_data));
        },
      });
      let upkeep: ReturnType<typeof startUpkeep> | undefined;
      return {
        async start() {
          upkeep = startUpkeep(
            upkeepTasks(platform, {
              ageing_seconds: AGEING_SECONDS,
              retention_days: RETENTION_DAYS,
              lease_seconds: LEASE_SECONDS,
              contact_ms: () => runner.contact_ms,
            }),
            log,
          );
          runner.start();
        },
        async stop() {
          await Promise.all([upkeep?.stop(), runner.stop()]);
          await platform.close();
        },
      };
    },

    async openApi(site) {
      const { createApi } = await import("../../../src/api/server.ts");
      const platform = openFor(site, "bench api");
      // Nothing closes the platform: its connections end with the process.
      return await createApi({ platform, adminApiKey: ADMIN_API_KEY, log });
    },

    httpRequest: (site, payload) => ({
      authorization: `Bearer ${site.apiKeys[payload.n % site.apiKeys.length]}`,
      body: { job_type_id: site.jobTypeId, input_data: payload },
    }),
  };
}

async function createNoop(watch: Watch) {
  const { defineProcessor } = await import("../../../src/processors/sdk/define-processor.ts");
  return defineProcessor({
    id: PROCESSOR,
    run(input) {
      watch.started(numberOf(input));
      const { ms } = input as Payload; // What the bench submitted.
      return ms === undefined ? null : wait(ms, null);
    },
  });
}

function numberOf(input: unknown): number {
  if (typeof input === "object" && input !== null && "n" in input && typeof input.n === "number")
    return input.n;
  throw new Error(`not a job of the bench: ${JSON.stringify(input)}`);
}

export const ours = create("this platform", true);
export const oursWithoutRedis = create("this platform without Redis", false);
