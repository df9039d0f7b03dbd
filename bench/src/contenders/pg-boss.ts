import { PgBoss } from "pg-boss";
import { NO_CUSTOMERS, type Contender, type Payload, type Watch, type Worker } from "../contender.ts";
import { countRows } from "../servers/sql.ts";

const QUEUE = "bench";
const BATCH = 500;
const POOL_SIZE = 10;
/** Loops of one worker: while one of them completes jobs, another fetches some. */
const LOOPS = 3;

export const pgBoss: Contender = {
  title: "pg-boss",
  settings:
    `insert; drain: fetch and complete of ${BATCH} in ${LOOPS} loops; latency: work() with batchSize ${BATCH}, localConcurrency ${LOOPS}, ` +
    "burstWhenBatchFull, LISTEN/NOTIFY; no supervision while measured; finished jobs are kept (its default)",
  source: "pgboss.io/api/jobs and pgboss.io/api/workers; one loop was slower here, two as fast",
  share: 1,

  async setUp(place, purpose) {
    const boss = await startBoss(place.databaseUrl, false);
    await boss.createQueue(QUEUE, { notify: purpose === "latency" });
    await boss.stop();
    return { ...place, ...NO_CUSTOMERS, purpose };
  },

  async openClient({ databaseUrl }) {
    const boss = await startBoss(databaseUrl, false);
    return {
      submitBulk: async (payloads) =>
        void (await boss.insert(
          QUEUE,
          payloads.map((data) => ({ data })),
        )),
      submitOne: async (payload) => void (await boss.send(QUEUE, payload)),
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
    const boss = await startBoss(site.databaseUrl, site.purpose === "latency");
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
