import type { Api } from "./api-types.gen.ts";
import { ApiError, ConnectionError, UnexpectedAnswerError, type IepError } from "./iep-error.ts";
import { anyOf, backoff_ms, pause } from "./pause.ts";
import { readEvents, SilentStream } from "./read-events.ts";
import { ask, noAnswer, refuse, RETRY_AFTER_MAX_MS, type Settings } from "./transport.ts";

export type JobEvent = Api["JobEvent"];

/** The first line comes at once, and then at least one every 15 s. */
const FIRST_MS = 5_000;
const SILENCE_MS = 45_000;
/** A server that is started again is away for some seconds, and a job may take long: so many times the retries. */
export const PATIENCE = 4;

interface FollowOptions {
  /** Id of the last event that is known. */
  readonly after?: number;
  readonly signal?: AbortSignal | undefined;
  /** Throws at once where the connection is open and nothing comes: for who knows another way. */
  readonly leavesSilence?: boolean;
}

/**
 * What happens to a job, oldest first, until it has ended. Connects again by itself behind the last event, so
 * that none is missed and none comes twice. Throws when it cannot connect any more: after four times as many
 * failures in a row as there are retries, and at once for what cannot be repaired, such as an unknown job.
 */
export async function* followEvents(
  settings: Settings,
  jobId: string,
  { after = 0, signal, leavesSilence = false }: FollowOptions = {},
): AsyncGenerator<JobEvent> {
  let last = after;
  let failures = 0;
  for (;;) {
    let hasHeard = false;
    const heard = (): void => {
      hasHeard = true;
      failures = 0;
    };
    // A stream that ends without `done` is one of a server that stops, or it was open for long.
    let fault: IepError = new ConnectionError("The stream of events ended too soon.");
    try {
      const stream = await open(settings, jobId, last, signal);
      for await (const data of readEvents(stream, { first_ms: FIRST_MS, silence_ms: SILENCE_MS, heard })) {
        const event = parse(data);
        if (event.id <= last) continue;
        last = event.id;
        yield event;
        if (event.type === "done") return;
      }
    } catch (error) {
      signal?.throwIfAborted();
      if (!isPassing(error)) throw error;
      fault = error;
    }
    failures += 1;
    const asked_ms = fault instanceof ApiError ? (fault.retry_after_ms ?? 0) : 0;
    const isHeldBack = leavesSilence && fault instanceof SilentStream && !hasHeard;
    if (isHeldBack || failures > PATIENCE * settings.retries || asked_ms > RETRY_AFTER_MAX_MS) throw fault;
    await pause(Math.max(asked_ms, backoff_ms(failures)), signal);
  }
}

function isPassing(error: unknown): error is IepError {
  return error instanceof ConnectionError || (error instanceof ApiError && error.retryable);
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
