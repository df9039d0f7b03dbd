import type { FastifyRequest } from "fastify";
import type { z } from "zod";
import type { FeedPosition } from "../../../core/model/event-feed.ts";
import { writeFeedPosition } from "../../../core/model/event-feed.ts";
import { FEED_DAYS } from "../../../core/model/limits.ts";
import { LiveFeed, type FeedStep } from "../../../core/use-cases/live-feed.ts";
import type { Platform } from "../../../core/use-cases/platform.ts";
import { prefers } from "../../http/accepts.ts";
import type { Api } from "../../http/api.ts";
import { ownerOf, refuseForeign } from "../../http/auth.ts";
import { encodeCursor } from "../../http/cursor.ts";
import { invalidField } from "../../http/validation.ts";
import { EventStream } from "../jobs/event-contract.ts";
import { HEARTBEAT, STREAM_TYPE, type EventStreams } from "../../http/event-streams.ts";
import { FeedEvents, FeedHeaders, FeedQuery } from "./contract.ts";

/** What happens to all jobs of a customer, or of all customers. */
export function eventRoutes(api: Api, platform: Platform, streams: EventStreams): void {
  const feed = new LiveFeed(platform);

  api.get(
    "/events",
    {
      schema: {
        operationId: "listEvents",
        tags: ["Jobs"],
        summary: "List which jobs ended, or follow all jobs as they change",
        description: `Has a \`done\` for each job that ended, as \`GET /jobs/{id}/events\` has it: each job once, in one order for all readers, about a second after the job ended. A customer's key has those of its jobs, an operator's those of all, or of one \`customer_id\`. They are kept for ${FEED_DAYS} days; jobs that retention deleted are left out. With \`Accept: text/event-stream\` they come as server-sent events, from \`Last-Event-ID\` on, or from now on. Between them come \`changed\` events without an id, which say at once that jobs changed: \`job_ids\` names up to 50 of them, and \`others\` says that there are more, or new ones. They are hints: several changes become one, and one may be lost, so read what you need of the job. A stream is silent for 15 s at most, and ends after 10 minutes: connect again with \`Last-Event-ID\`, and no \`done\` is missed or repeated.`,
        headers: FeedHeaders,
        querystring: FeedQuery,
        response: {
          200: {
            description: "Returns the `FeedEvents`, or the stream of them.",
            content: {
              "application/json": { schema: FeedEvents },
              [STREAM_TYPE]: { schema: EventStream },
            },
          },
        },
        errors: ["not_found", "rate_limited"],
      },
    },
    async (request, reply) => {
      const { customer_id, limit } = request.query;
      refuseForeign(request, customer_id);
      const owner = ownerOf(request) ?? customer_id;
      const after = placeOf(request, owner);
      reply.header("vary", "accept");
      const asStream = prefers(request.headers.accept, STREAM_TYPE);
      if (!asStream || after) {
        // Read before a stream begins: a place that was forgotten is refused.
        const page = await platform.eventFeed.list({ after, limit: asStream ? 1 : limit }, owner);
        if (!asStream)
          return {
            data: page.events.map(({ event }) => event),
            next_cursor: cursorOf(page.position, owner),
          };
      }
      const stream = streams.open(request, reply, (signal) =>
        writeSteps(feed.follow(owner, { after, signal }), owner),
      );
      // A proxy must not hold it back.
      return await reply.type(STREAM_TYPE).header("x-accel-buffering", "no").send(stream);
    },
  );
}

interface Placed {
  readonly headers: z.output<typeof FeedHeaders>;
  readonly query: z.output<typeof FeedQuery>;
}

/** From where on the request wants events. Refuses a place that was reached in the events of somebody else. */
function placeOf(
  { headers, query }: FastifyRequest & Placed,
  owner: string | undefined,
): FeedPosition | undefined {
  const given = headers["last-event-id"] ?? query.after;
  if (given && given.owner !== owner)
    throw invalidField(
      headers["last-event-id"] ? "/last-event-id" : "/after",
      "is of the events of another customer: send one that this list returned",
    );
  return given?.position;
}

function cursorOf(position: FeedPosition, owner: string | undefined): string {
  return encodeCursor(writeFeedPosition(position, owner));
}

/** By what is written: readers of the same events share the text of it. */
const texts = new WeakMap<object, string>();

async function* writeSteps(
  steps: AsyncGenerator<FeedStep>,
  owner: string | undefined,
): AsyncGenerator<string> {
  for await (const { events, position, changed } of steps) {
    if (changed) yield textOf(changed, () => `event: changed\ndata: ${JSON.stringify(changed)}\n\n`);
    else if (events.length > 0)
      yield textOf(events, () =>
        events
          .map(
            (placed) =>
              `id: ${cursorOf(placed.position, owner)}\nevent: done\ndata: ${JSON.stringify(placed.event)}\n\n`,
          )
          .join(""),
      );
    // No event, but a place: who reads nothing for long still goes on from here.
    else yield `${HEARTBEAT}id: ${cursorOf(position, owner)}\n\n`;
  }
}

function textOf(what: object, write: () => string): string {
  const known = texts.get(what);
  if (known !== undefined) return known;
  const text = write();
  texts.set(what, text);
  return text;
}
