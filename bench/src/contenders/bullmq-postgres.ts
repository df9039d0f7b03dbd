import { createPostgresBackend, runMigrations, withBackend } from "bullmq";
import { NO_CUSTOMERS, type Contender, type Payload } from "../contender.ts";
import { withClient } from "../servers/sql.ts";
import { bullmqClient, bullmqWorker, QUEUE, RETENTION } from "./bullmq.ts";

const { Queue, Worker: BullWorker } = withBackend(createPostgresBackend);

const CONCURRENCY = 8;

export const bullmqPostgres: Contender = {
  title: "BullMQ on PostgreSQL",
  settings: `addBulk; concurrency ${CONCURRENCY}, a pool as large; finished jobs are deleted (removeOnComplete)`,
  source:
    "docs.bullmq.io, PostgreSQL backend/Indicative numbers (8 to 32) and Tuning tips; 32 and 64 were slower here",
  share: 0.2,
  async setUp(place, purpose) {
    await withClient(place.databaseUrl, async (client) => void (await runMigrations(client)));
    return { ...place, ...NO_CUSTOMERS, purpose };
  },
  openClient: async ({ databaseUrl }) =>
    await bullmqClient(new Queue<Payload>(QUEUE, { connection: { connectionString: databaseUrl, max: 10 } })),
  openWorker: async ({ databaseUrl }, watch) =>
    await bullmqWorker(
      watch,
      (run) =>
        new BullWorker<Payload>(QUEUE, run, {
          connection: { connectionString: databaseUrl, max: CONCURRENCY },
          autorun: false,
          concurrency: CONCURRENCY,
          ...RETENTION,
        }),
    ),
};
