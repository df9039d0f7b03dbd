import { z } from "zod";
import { Id, UtcTime } from "../../http/fields.ts";
import { Priority } from "../jobs/contract.ts";

const count = (description: string) => z.int().min(0).meta({ description });

export const Queue = z
  .strictObject({
    paused_at: UtcTime.nullable().meta({
      description: "When the whole queue was paused. Null if it is not paused.",
    }),
    priorities: z.array(
      z.strictObject({
        priority: Priority,
        ready: count("Due jobs in the ready queue, where runners take them."),
        backlog: count("Due jobs that wait for room in the ready queue."),
        scheduled: count("Jobs that wait for their `run_at`."),
        parked: count("Jobs that wait because their job type is paused."),
        oldest_wait_seconds: z.number().nullable().meta({
          description: "How long the oldest due job has waited. Null if no due job waits.",
        }),
      }),
    ),
    unserved: z
      .array(
        z.strictObject({
          job_type_id: Id,
          name: z.string(),
          processing_logic_id: z.string(),
          waiting: count("Its due jobs."),
        }),
      )
      .meta({ description: "Job types of which jobs wait, and which no living runner serves." }),
    ready_queue: z.strictObject({ "0": z.int(), "1": z.int(), "2": z.int() }).nullable().meta({
      description:
        "Number of ids in the Redis lists, by priority. Null without Redis, and while Redis cannot be used.",
    }),
    ready_queue_status: z.enum(["ok", "unavailable", "not_used"]).meta({
      description:
        "`unavailable`: Redis cannot be used, and runners take jobs from PostgreSQL until it works again. `not_used`: there is no REDIS_URL.",
    }),
  })
  .meta({
    id: "Queue",
    examples: [
      {
        paused_at: null,
        priorities: [
          { priority: 0, ready: 2, backlog: 0, scheduled: 0, parked: 0, oldest_wait_seconds: 0.012 },
          { priority: 1, ready: 5000, backlog: 1240, scheduled: 3, parked: 12, oldest_wait_seconds: 4.21 },
          { priority: 2, ready: 0, backlog: 0, scheduled: 0, parked: 0, oldest_wait_seconds: null },
        ],
        unserved: [],
        ready_queue: { "0": 2, "1": 5000, "2": 0 },
        ready_queue_status: "ok",
      },
    ],
  });
