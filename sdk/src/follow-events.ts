import type { Api } from "./api-types.gen.ts";
import { ApiError, ConnectionError, UnexpectedAnswerError } from "./iep-error.ts";
import { anyOf, backoff_ms, pause } from "./pause.ts";
import { readEvents } from "./read-events.ts";
import { ask, noAnswer, refuse, type Settings } from "./transport.ts";

export type JobEvent = Api["JobEvent"];

/** The first line comes at once, and then at least one every 15 s. */
const FIRST_MS = 5_000;
const SILENCE_MS = 45_000;

/**
 * What happens to a job, oldest first, until it has ended. Connects again by itself behind the last event, so
 * that none is missed and none comes twice. Throws when it cannot connect any more: after as many failures in
 * a row as there are retries, and at once for what cannot be repaired, such as an unknown job.
 */
export async function* followEvents(
  settings: Settings,
  jobId: string,
  { after = 0, signal }: { readonly after?: number; readonly signal?: AbortSignal | undefined } = {},
): AsyncGenerator<JobEvent> {
  let last = after;
  let failures = 0;
  const heard = (): void => void (failures = 0);
  for (;;) {
    let after_ms = 0;
    try {
      const stream = await open(settings, jobId, last, signal);
      for await (const data of readEvents(stream, { first_ms: FIRST_MS, silence_ms: SILENCE_MS, heard })) {
        const event = parse(data);
        if (event.id <= last) continue;
        last = event.id;
        yield event;
        if (event.type === "done") return;
      }
      failures += 1;
    } catch (error) {
      signal?.throwIfAborted();
      failures += 1;
      const refusal = error instanceof ApiError && error.retryable ? error : undefined;
      if (!refusal && !(error instanceof ConnectionError)) throw error;
      if (failures > settings.retries) throw error;
      after_ms = refusal?.retry_after_ms ?? 0;
    }
    // A stream that ended without `done` is one of a server that stops, or it was open for long.
    if (failures > settings.retries + 1) throw new ConnectionError("The stream of events ends at once.");
    await pause(Math.max(after_ms, backoff_ms(Math.max(1, failures))), signal);
  }
}

async function open(
  settings: Settings,
  jobId: string,
  last: number,
  signal: AbortSignal | undefined,
): Promise<ReadableStream<Uint8Array>> {
  const head = new AbortController();
  const timer = setTimeout(
    () => head.abort(noAnswer(settings, undefined, settings.timeout_ms)),
    settings.timeout_ms,
  );
  const response = await ask(settings, {
    method: "GET",
    path: `/jobs/${encodeURIComponent(jobId)}/events`,
    headers: { accept: "text/event-stream", "last-event-id": String(last) },
    signal: anyOf(signal, head.signal),
  }).finally(() => clearTimeout(timer));
  const isStream = response.headers.get("content-type")?.startsWith("text/event-stream") === true;
  if (!response.ok || !isStream || response.body === null) return await refuse(settings, response);
  return response.body;
}

function parse(data: string): JobEvent {
  try {
    // As the OpenAPI document describes it.
    const event = JSON.parse(data) as JobEvent;
    if (typeof event.id === "number") return event;
  } catch {
    // Said below.
  }
  throw new UnexpectedAnswerError("The stream of events holds what is no event of a job.", 200);
}
