import type { FastifyBaseLogger } from "fastify";
import type { z } from "zod";
import type { Platform } from "../../../core/use-cases/platform.ts";
import type { Api } from "../../http/api.ts";
import { adminOnly } from "../../http/auth.ts";
import { NoBody } from "../../http/fields.ts";
import { Queue } from "./contract.ts";

const tags = ["Operations"];

export function queueRoutes(api: Api, platform: Platform): void {
  const { waitingJobs } = platform;

  api.get(
    "/queue",
    {
      onRequest: adminOnly,
      schema: {
        operationId: "getQueue",
        tags,
        summary: "Count what waits, by priority",
        response: { 200: Queue },
      },
    },
    async (request) => await readQueue(platform, request.log),
  );

  api.post(
    "/queue/pause",
    {
      onRequest: adminOnly,
      schema: {
        operationId: "pauseQueue",
        tags,
        summary: "Pause the whole queue",
        description:
          "No job is started until it is resumed. Running ones go on, and submissions are taken. Pausing it again changes nothing.",
        body: NoBody,
        response: { 200: Queue },
      },
    },
    async (request) => {
      await waitingJobs.setPaused(true);
      return await readQueue(platform, request.log);
    },
  );

  api.post(
    "/queue/resume",
    {
      onRequest: adminOnly,
      schema: {
        operationId: "resumeQueue",
        tags,
        summary: "Resume the queue",
        description: "Jobs of job types that are paused themselves go on waiting.",
        body: NoBody,
        response: { 200: Queue },
      },
    },
    async (request) => {
      await waitingJobs.setPaused(false);
      return await readQueue(platform, request.log);
    },
  );
}

async function readQueue(
  { waitingJobs, readyQueue }: Platform,
  log: FastifyBaseLogger,
): Promise<z.output<typeof Queue>> {
  const [paused_at, priorities, lengths] = await Promise.all([
    waitingJobs.pausedAt(),
    waitingJobs.overview(),
    // While Redis is away the backlog is what an operator wants to see: it must not hide behind an error.
    readyQueue.lengths().catch((error: unknown) => {
      log.warn({ err: error }, "the ready queue does not answer");
      return undefined;
    }),
  ]);
  return { paused_at, priorities, ready_queue: lengths ?? null };
}
