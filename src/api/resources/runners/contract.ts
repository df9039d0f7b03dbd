import { z } from "zod";
import { UtcTime, Id, pageOf } from "../../http/fields.ts";
import { Priority } from "../jobs/contract.ts";

export const Runner = z
  .strictObject({
    id: Id.meta({ description: "A runner process gets a new id each time it starts." }),
    host: z.string(),
    version: z.string(),
    slots: z.int().meta({ description: "How many jobs it runs at the same time." }),
    processor_ids: z.array(z.string()).readonly().nullable().meta({
      description: "The processors that it has. Null if it does not say: it then serves all.",
    }),
    restricted_to: z.array(z.string()).readonly().nullable().meta({
      description: "Names or ids of the job types that it is restricted to. Null: all.",
    }),
    priorities: z.array(Priority).readonly().nullable().meta({
      description: "The priorities that it is restricted to. Null: all.",
    }),
    started_at: UtcTime,
    heartbeat_at: UtcTime.meta({ description: "When it last reported that it is alive." }),
    draining_at: UtcTime.nullable().meta({
      description: "Since when it drains: it takes no more jobs. Null: it takes jobs.",
    }),
    exits_when_drained: z.boolean().meta({
      description: "Whether it ends when it drains and runs nothing any more.",
    }),
    running: z.int().meta({ description: "How many jobs it runs now." }),
  })
  .meta({
    id: "Runner",
    examples: [
      {
        id: "019ab1ef-f7d0-7c3e-a6a5-91d2c7b4e8f3",
        host: "worker-3",
        version: "0.1.0",
        slots: 32,
        processor_ids: ["echo", "simulate", "text.statistics"],
        restricted_to: null,
        priorities: null,
        started_at: "2026-11-23T21:05:58.4Z",
        heartbeat_at: "2026-11-23T21:07:12.9Z",
        draining_at: null,
        exits_when_drained: false,
        running: 14,
      },
    ],
  });

export const RunnerPage = pageOf(Runner, "RunnerPage");

export const NewDrain = z
  .strictObject({
    exit: z.boolean().default(false).meta({
      description:
        "Whether the runner ends when it runs nothing any more. Otherwise it waits until it is resumed.",
    }),
  })
  .meta({ id: "NewDrain", examples: [{ exit: true }] });
