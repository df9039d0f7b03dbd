import { z } from "zod";
import { AnsweredTime, Id, pageOf } from "../../http/fields.ts";

export const Runner = z
  .strictObject({
    id: Id.meta({ description: "Of one start of one process: never used twice." }),
    host: z.string(),
    version: z.string(),
    slots: z.int().meta({ description: "Jobs that it runs at the same time." }),
    started_at: AnsweredTime,
    heartbeat_at: AnsweredTime.meta({ description: "When it last showed that it lives." }),
  })
  .meta({
    id: "Runner",
    examples: [
      {
        id: "019ab1ef-f7d0-7c3e-a6a5-91d2c7b4e8f3",
        host: "worker-3",
        version: "0.1.0",
        slots: 32,
        started_at: "2026-11-23T21:05:58.4Z",
        heartbeat_at: "2026-11-23T21:07:12.9Z",
      },
    ],
  });

export const RunnerPage = pageOf(Runner, "RunnerPage");
