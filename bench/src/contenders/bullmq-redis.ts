import { Queue, Worker as BullWorker } from "bullmq";
import { NO_CUSTOMERS, type Contender, type Payload } from "../contender.ts";
import { bullmqClient, bullmqWorker, QUEUE, RETENTION } from "./bullmq.ts";

const CONCURRENCY = 50;

export const bullmqRedis: Contender = {
  title: "BullMQ on Redis",
  settings: `addBulk; concurrency ${CONCURRENCY}; finished jobs are deleted (removeOnComplete)`,
  source:
    "docs.bullmq.io, Workers/Concurrency (its example) and Going to production; 100 and 300 used more CPU a job here",
  share: 1,
  setUp: async (place, purpose) => ({ ...place, ...NO_CUSTOMERS, purpose }),
  openClient: async ({ redisUrl }) =>
    await bullmqClient(new Queue<Payload>(QUEUE, { connection: connectionTo(redisUrl) })),
  openWorker: async ({ redisUrl }, watch) =>
    await bullmqWorker(
      watch,
      (run) =>
        new BullWorker<Payload>(QUEUE, run, {
          connection: { ...connectionTo(redisUrl), maxRetriesPerRequest: null },
          autorun: false,
          concurrency: CONCURRENCY,
          ...RETENTION,
        }),
    ),
};

function connectionTo(url: string): { host: string; port: number } {
  const { hostname, port } = new URL(url);
  return { host: hostname, port: Number(port) };
}
