import type { JobEvent } from "../../../core/model/job-event.ts";
import { jobNotFound } from "../../../core/model/not-found.ts";
import { followEvents } from "../../../core/use-cases/follow-events.ts";
import type { Platform } from "../../../core/use-cases/platform.ts";
import { prefers } from "../../http/accepts.ts";
import type { Api } from "../../http/api.ts";
import { ownerOf } from "../../http/auth.ts";
import { IdParams } from "../../http/fields.ts";
import { EventHeaders, EventsQuery, EventStream, JobEvents } from "./event-contract.ts";
import { HEARTBEAT, STREAM_TYPE, type EventStreams } from "../../http/event-streams.ts";

/** What happens to a job, as a list or as it comes. */
export function jobEventRoutes(api: Api, platform: Platform, streams: EventStreams): void {
  api.get(
    "/jobs/:id/events",
    {
      schema: {
        operationId: "listJobEvents",
        tags: ["Jobs"],
        summary: "List the events of a job, or follow them as they come",
        description:
          "Events have ids that count from 1 in each job, oldest first: `queued`, `started`, `progress`, `log`, `attempt_failed`, `done`. With `Accept: text/event-stream` they come as server-sent events as they happen, and the stream ends after `done`, or after 10 minutes. A comment comes every 15 s in which nothing else does. Connect again with `Last-Event-ID`, and nothing is missed. An attempt that was given back is followed by `queued` again. Steps of the progress that follow each other closely are left out.",
        params: IdParams,
        headers: EventHeaders,
        querystring: EventsQuery,
        response: {
          200: {
            description: "Returns the `JobEvents`, or the stream of them.",
            content: {
              "application/json": { schema: JobEvents },
              [STREAM_TYPE]: { schema: EventStream },
            },
          },
        },
        errors: ["not_found", "rate_limited"],
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      const owner = ownerOf(request);
      const after = request.headers["last-event-id"] ?? request.query.after ?? 0;
      reply.header("vary", "accept");
      const asStream = prefers(request.headers.accept, STREAM_TYPE);
      // Read before a stream begins: one of no job is refused.
      const limit = asStream ? 1 : request.query.limit;
      const page = await platform.jobEvents.list(id, { after, limit }, owner);
      if (!page) throw jobNotFound(id);
      if (!asStream) return { data: [...page.events] };
      const stream = streams.open(request, reply, (signal) =>
        writeEvents(followEvents(platform, id, { after, owner, signal })),
      );
      // A proxy must not hold it back.
      return await reply.type(STREAM_TYPE).header("x-accel-buffering", "no").send(stream);
    },
  );
}

async function* writeEvents(pages: AsyncGenerator<readonly JobEvent[]>): AsyncGenerator<string> {
  for await (const events of pages) yield events.length === 0 ? HEARTBEAT : events.map(toText).join("");
}

/** JSON has no line breaks of its own, so that each event is one line of data. */
function toText(event: JobEvent): string {
  return `id: ${event.id}\nevent: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;
}
