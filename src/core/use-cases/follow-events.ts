import type { JobEvent } from "../model/job-event.ts";
import {
  STREAM_EVENTS_MAX,
  STREAM_HEARTBEAT_MS,
  STREAM_LOOK_MS,
  STREAM_PAGE_CHARACTERS_MAX,
} from "../model/limits.ts";
import type { Platform } from "./platform.ts";

const PAGE = { limit: STREAM_EVENTS_MAX, characters: STREAM_PAGE_CHARACTERS_MAX };

interface Follow {
  /** Id of the last event that the reader has. */
  readonly after: number;
  readonly owner: string | undefined;
  readonly signal: AbortSignal;
}

/**
 * The events of a job as they come, until it has ended. An empty list says that there was nothing for a while. It
 * reads only when it is asked for more, so a slow reader costs no memory.
 */
export async function* followEvents(
  { jobEvents, jobChanges }: Pick<Platform, "jobEvents" | "jobChanges">,
  id: string,
  { after, owner, signal }: Follow,
): AsyncGenerator<readonly JobEvent[]> {
  let last = after;
  let rang = false;
  let wake = (): void => undefined;
  const ring = (): void => {
    rang = true;
    wake();
  };
  const unwatch = jobChanges.watch(id, ring);
  // Not at the end alone: nobody may ask for more, and then it never comes.
  const stop = (): void => {
    unwatch();
    ring();
  };
  signal.addEventListener("abort", stop);
  const sleep = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  try {
    while (!signal.aborted) {
      // Before it looks: what changes meanwhile rings again.
      rang = false;
      const page = await jobEvents.list(id, { ...PAGE, after: last }, owner);
      if (page === undefined) return;
      last = page.events.at(-1)?.id ?? last;
      if (page.events.length > 0) yield page.events;
      if (page.more) continue;
      if (page.ended) return;
      if (!rang) {
        await sleep(STREAM_HEARTBEAT_MS);
        if (!rang) yield [];
      }
      // Further changes of the same moment are read together.
      wake = () => undefined;
      if (!signal.aborted) await new Promise((resolve) => void setTimeout(resolve, STREAM_LOOK_MS));
    }
  } finally {
    unwatch();
    signal.removeEventListener("abort", stop);
  }
}
