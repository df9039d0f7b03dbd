import { z } from "zod";
import { WEBHOOK_EVENTS } from "../../../core/model/webhook.ts";

/** `job.finished,wallet.low`, of these. */
export function eventList<const Events extends readonly string[]>(events: Events) {
  return z
    .string()
    .transform((words) => [...new Set(words.split(",").map((word) => word.trim()))])
    .pipe(z.array(z.enum(events, `must be some of ${events.join(", ")}, with commas between them`)));
}

export const EventList = eventList(WEBHOOK_EVENTS);
