import type { Client, Payload, Watch, Worker } from "../contender.ts";

// What BullMQ on Redis and BullMQ on PostgreSQL have in common.

export const QUEUE = "bench";
const JOB_NAME = "noop";

/**
 * Finished jobs are deleted at once. Keeping them is slower, and the pages of both backends advise against
 * it.
 */
export const RETENTION = { removeOnComplete: { count: 0 }, removeOnFail: { count: 0 } };

interface BullQueue {
  waitUntilReady(): Promise<unknown>;
  add(name: string, data: Payload): Promise<unknown>;
  addBulk(jobs: { name: string; data: Payload }[]): Promise<unknown>;
  getJobCounts(
    ...types: ("wait" | "active" | "delayed" | "failed" | "completed")[]
  ): Promise<Record<string, number>>;
  close(): Promise<void>;
}

export async function bullmqClient(queue: BullQueue): Promise<Client> {
  await queue.waitUntilReady();
  return {
    submitBulk: async (payloads) =>
      void (await queue.addBulk(payloads.map((data) => ({ name: JOB_NAME, data })))),
    submitOne: async (payload) => void (await queue.add(JOB_NAME, payload)),
    async counts() {
      const counts = await queue.getJobCounts("wait", "active", "delayed", "failed");
      return { open: Object.values(counts).reduce((sum, count) => sum + count, 0), succeeded: undefined };
    },
    close: () => queue.close(),
  };
}

interface BullJob {
  readonly data: Payload;
}

interface BullWorker {
  waitUntilReady(): Promise<unknown>;
  run(): Promise<unknown>;
  close(): Promise<void>;
  on(event: "completed", listener: (job: BullJob) => void): unknown;
  on(event: "failed", listener: (job: BullJob | undefined, error: Error) => void): unknown;
  on(event: "error", listener: (error: Error) => void): unknown;
}

export async function bullmqWorker(
  watch: Watch,
  create: (run: (job: BullJob) => Promise<null>) => BullWorker,
): Promise<Worker> {
  const worker = create(async ({ data }) => {
    watch.started(data.n);
    return null;
  });
  worker.on("completed", ({ data }) => watch.settled(data.n));
  worker.on("failed", (_job, error) => console.error("bullmq: a job failed", error));
  worker.on("error", (error) => console.error("bullmq:", error));
  await worker.waitUntilReady();
  return {
    async start() {
      void worker.run();
    },
    stop: () => worker.close(),
  };
}
