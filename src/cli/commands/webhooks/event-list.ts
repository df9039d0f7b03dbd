import { z } from "zod";
import { WEBHOOK_EVENTS } from "../../../core/model/webhook.ts";

/** `job.finished,wallet.low`. */
export const EventList = z
  .string()
  .transform((words) => [...new Set(words.split(",").map((word) => word.trim()))])
  .pipe(
    z.array(z.enum(WEBHOOK_EVENTS, `must be some of ${WEBHOOK_EVENTS.join(", ")}, with commas between them`)),
  );
