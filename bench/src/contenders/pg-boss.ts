import { setTimeout as wait } from "node:timers/promises";
import { PgBoss } from "pg-boss";
import {
  FAIR_SLOTS,
  NO_CUSTOMERS,
  type Contender,
  type Payload,
  type Watch,
  type Worker,
} from "../contender.ts";
import { countRows } from "../servers/sql.ts";

const QUEUE = "bench";
const BATCH = 500;
const POOL_SIZE = 10;
/** Loops of one worker: while one of them completes jobs, another fetches some. */
const LOOPS = 3;
/** The flood gets half of the slots. */
const GROUP_CONCURRENCY = FAIR_SLOTS / 2;

export const pgBoss: Contender = {
  title: "pg-boss",
  settings:
    `insert; drain: fetch and complete of ${BATCH} in ${LOOPS} loops; latency: work() with batchSize ${BATCH}, localConcurrency ${LOOPS}, ` +
    "burstWhenBatchFull, LISTEN/NOTIFY; no supervision while measured; finished jobs are kept (its default)",
  source: "pgboss.io/api/jobs and pgboss.io/api/workers; one loop was slower here, two as fast",
  share: 1,
  fairness: `a group a customer, groupConcurrency ${GROUP_CONCURRENCY}: a limit, not turns; batchSize 1, localConcurrency ${FAIR_SLOTS}`,

  async setUp(place, purpose) {
    const boss = await startBoss(place.databaseUrl, false);
    await boss.createQueue(QUEUE, { notify: purpose !== "throughput" });
    await boss.stop();
    return { ...place, ...NO_CUSTOMERS, purpose };
  },

  async openClient({ databaseUrl }) {
    const boss = await startBoss(databaseUrl, false);
    return {
      submitBulk: async (payloads) =>
        void (await boss.insert(
          QUEUE,
          payloads.map((data) => ({ data, ...groupOf(data) })),
        )),
      submitOne: async (payload) => void (await boss.send(QUEUE, payload, groupOf(payload))),
      async counts() {
        const [open = 0, succeeded = 0] = await countRows(databaseUrl, [
          `pgboss.job WHERE name = '${QUEUE}' AND state < 'completed'`,
          `pgboss.job WHERE name = '${QUEUE}' AND state = 'completed'`,
        ]);
        return { open, succeeded };
      },
      close: () => boss.stop(),
    };
  },

  async openWorker(site, watch) {
    const boss = await startBoss(site.databaseUrl, site.purpose !== "throughput");
    if (site.purpose === "fairness") return groupedWorker(boss, watch);
    return site.purpose === "latency" ? listeningWorker(boss, watch) : drainingWorker(boss, watch);
  },
};

async function startBoss(connectionString: string, useListenNotify: boolean): Promise<PgBoss> {
  const boss = new PgBoss({
    connectionString,
    max: POOL_SIZE,
    supervise: false,
    schedule: false,
    useListenNotify,
  });
  boss.on("error", (error) => console.error("pg-boss:", error));
  return await boss.start();
}

function drainingWorker(boss: PgBoss, watch: Watch): Worker {
  const stopping = new AbortController();
  let loops: Promise<unknown> = Promise.resolve();
  const loop = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      const jobs = await boss.fetch<Payload>(QUEUE, { batchSize: BATCH });
      if (jobs.length === 0) return; // Ready before we began: what is not there now will not come.
      for (const job of jobs) watch.started(job.data.n);
      await boss.complete(
        QUEUE,
        jobs.map(({ id }) => id),
      );
      for (const job of jobs) watch.settled(job.data.n);
    }
  };
  return {
    async start() {
      loops = Promise.all(Array.from({ length: LOOPS }, loop));
    },
    async stop() {
      stopping.abort();
      await loops;
      await boss.stop();
    },
  };
}

function groupedWorker(boss: PgBoss, watch: Watch): Worker {
  return {
    async start() {
      await boss.work<Payload>(
        QUEUE,
        {
          batchSize: 1,
          localConcurrency: FAIR_SLOTS,
          groupConcurrency: GROUP_CONCURRENCY,
          pollingIntervalSeconds: 0.5,
          burstWhenBatchFull: true,
        },
        async ([job]) => {
          if (!job) return;
          watch.started(job.data.n);
          await wait(job.data.ms ?? 0);
          watch.settled(job.data.n);
        },
      );
    },
    stop: () => boss.stop(),
  };
}

function groupOf({ customer }: Payload): { group?: { id: string } } {
  return customer === undefined ? {} : { group: { id: `customer-${customer}` } };
}

function listeningWorker(boss: PgBoss, watch: Watch): Worker {
  return {
    async start() {
      await boss.work<Payload>(
        QUEUE,
        {
          batchSize: BATCH,
          localConcurrency: LOOPS,
          pollingIntervalSeconds: 0.5,
          burstWhenBatchFull: true,
        },
        async (jobs) => {
          for (const job of jobs) watch.started(job.data.n);
          // pg-boss would complete them after this handler, but does not tell when. Its own call then finds
          // nothing to do.
          await boss.complete(
            QUEUE,
            jobs.map(({ id }) => id),
          );
          for (const job of jobs) watch.settled(job.data.n);
        },
      );
    },
    stop: () => boss.stop(),
  };
}
