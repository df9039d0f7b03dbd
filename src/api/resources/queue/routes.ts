import type { Platform } from "../../../core/use-cases/platform.ts";
import { readQueue } from "../../../core/use-cases/read-queue.ts";
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
        summary: "Count the waiting jobs, by priority",
        description:
          "Returns how many jobs wait and why, and how long the oldest has waited, as the database and Redis see it now.",
        response: { 200: Queue },
      },
    },
    async () => await readQueue(platform),
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
          "Runners start no job until it is resumed. Running jobs go on, and new jobs are accepted. Pausing it again changes nothing.",
        body: NoBody,
        response: { 200: Queue },
      },
    },
    async () => {
      await waitingJobs.setPaused(true);
      return await readQueue(platform);
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
        description: "Jobs whose job type is paused keep waiting.",
        body: NoBody,
        response: { 200: Queue },
      },
    },
    async () => {
      await waitingJobs.setPaused(false);
      return await readQueue(platform);
    },
  );
}
