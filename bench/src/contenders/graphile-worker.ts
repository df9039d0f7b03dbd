import { setTimeout as wait } from "node:timers/promises";
import { Logger, makeWorkerUtils, run } from "graphile-worker";
import { Pool } from "pg";
import { FAIR_SLOTS, NO_CUSTOMERS, type Contender, type Payload, type Watch } from "../contender.ts";
import { countRows } from "../servers/sql.ts";

const TASK = "noop";
const CONCURRENCY = 24;
const LOCAL_QUEUE_SIZE = 500;

const silent = new Logger(() => () => undefined);

export const graphileWorker: Contender = {
  title: "graphile-worker",
  settings:
    `addJobs; concurrentJobs ${CONCURRENCY}, maxPoolSize ${CONCURRENCY + 1}, localQueue ${LOCAL_QUEUE_SIZE}, ` +
    "completeJobBatchDelay and failJobBatchDelay 0, a logger that does nothing; finished jobs are deleted (always)",
  source: "worker.graphile.org/docs/performance, the configuration of its quick stats",
  share: 1,
  fairness: `a named queue a customer, which runs one job at a time; concurrentJobs ${FAIR_SLOTS}, no localQueue`,

  async setUp(place, purpose) {
    const utils = await makeWorkerUtils({ connectionString: place.databaseUrl, logger: silent });
    await utils.migrate();
    await utils.release();
    return { ...place, ...NO_CUSTOMERS, purpose };
  },

  async openClient({ databaseUrl }) {
    const utils = await makeWorkerUtils({ connectionString: databaseUrl, maxPoolSize: 10, logger: silent });
    return {
      submitBulk: async (payloads) =>
        void (await utils.addJobs(
          payloads.map((payload) => ({ identifier: TASK, payload, ...queueOf(payload) })),
        )),
      submitOne: async (payload) => void (await utils.addJob(TASK, payload, queueOf(payload))),
      async counts() {
        const [open = 0] = await countRows(databaseUrl, ["graphile_worker.jobs"]);
        return { open, succeeded: undefined };
      },
      close: async () => await utils.release(),
    };
  },

  async openWorker({ databaseUrl, purpose }, watch) {
    const concurrency = purpose === "fairness" ? FAIR_SLOTS : CONCURRENCY;
    const pool = new Pool({ connectionString: databaseUrl, max: concurrency + 1 });
    pool.on("error", () => undefined);
    const running = listenForCompletions(pool, watch);
    await pool.query("SELECT 1");
    let stopRunner = async (): Promise<void> => undefined;
    return {
      async start() {
        const runner = await run({
          pgPool: pool,
          logger: silent,
          noHandleSignals: true,
          taskList: {
            [TASK]: async (payload, { job }) => {
              const { n, ms } = payload as Payload; // What `submitBulk` gave it.
              running.set(job.id, n);
              watch.started(n);
              if (ms !== undefined) await wait(ms);
            },
          },
          preset: {
            worker: {
              concurrentJobs: concurrency,
              // What a local queue has fetched is out of turn.
              ...(purpose === "fairness" ? {} : { localQueue: { size: LOCAL_QUEUE_SIZE } }),
              completeJobBatchDelay: 0,
              failJobBatchDelay: 0,
            },
          },
        });
        stopRunner = () => runner.stop();
      },
      async stop() {
        await stopRunner();
        await pool.end();
      },
    };
  },
};

function queueOf({ customer }: Payload): { queueName?: string } {
  return customer === undefined ? {} : { queueName: `customer-${customer}` };
}

/**
 * With batched completion, graphile-worker emits `job:complete` before it sends the statement. A job has
 * ended when the statement that deletes it has returned, so that is where we listen. It costs one comparison
 * of a name for each statement.
 */
function listenForCompletions(pool: Pool, watch: Watch): Map<string, number> {
  const running = new Map<string, number>();
  pool.on("connect", (client) => {
    // The library's own statements are passed as one object, and awaited.
    const query = client.query.bind(client) as (config: unknown, ...rest: unknown[]) => unknown;
    const heard = (config: unknown, ...rest: unknown[]): unknown => {
      const result = query(config, ...rest);
      const ids = completedIds(config);
      if (!ids || !(result instanceof Promise)) return result;
      return result.then((answer: unknown) => {
        for (const id of ids) {
          const n = running.get(id);
          running.delete(id);
          if (n !== undefined) watch.settled(n);
        }
        return answer;
      });
    };
    Object.assign(client, { query: heard });
  });
  return running;
}

function completedIds(config: unknown): string[] | undefined {
  if (typeof config !== "object" || config === null || !("name" in config) || !("values" in config)) return;
  if (typeof config.name !== "string" || !config.name.startsWith("complete_job")) return;
  return Array.isArray(config.values) ? [config.values[0]].flat().map(String) : undefined;
}
