import { classOf } from "./class-of.gen.ts";
import {
  ApiError,
  ConnectionError,
  UnexpectedAnswerError,
  type IepError,
  type Problem,
} from "./iep-error.ts";
import { anyOf, backoff_ms, pause } from "./pause.ts";

/** A longer `Retry-After` is not waited for: the error is thrown, and says how long. */
export const RETRY_AFTER_MAX_MS = 60_000;
const SHOWN_MAX = 80;

export interface Settings {
  readonly baseUrl: string;
  readonly apiKey: (() => Promise<string>) | undefined;
  readonly fetch: typeof fetch;
  /** Attempts after the first. */
  readonly retries: number;
  readonly timeout_ms: number;
}

export interface Request {
  readonly method: string;
  /** With its query, encoded. */
  readonly path: string;
  /** Sent as JSON. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
  readonly timeout_ms?: number | undefined;
  /** Whether it does no harm when it is done twice. Default: only GET is. */
  readonly repeatable?: boolean;
  /** False: 408 and 429 are thrown at once, for somebody who knows another way. */
  readonly repeatsUnheard?: boolean;
  /**
   * Aborted, it ends the request as soon as it is certain that nothing was done, with its reason. What may have
   * been done is asked for on, until `signal` is aborted.
   */
  readonly giveUp?: AbortSignal | undefined;
}

/** Why an attempt failed, and whether another one may be made. */
interface Failure {
  readonly error: IepError;
  /** `unheard`: also where repeating does harm, as nothing was done. */
  readonly again: "unheard" | "repeatable" | "never";
}

/**
 * Sends a request, again where that is safe and may help, and returns the JSON of the answer. Throws an
 * `ApiError`, a `ConnectionError`, an `UnexpectedAnswerError`, or the reason of a signal.
 */
export async function send(settings: Settings, request: Request): Promise<unknown> {
  const { signal, giveUp, repeatable = request.method === "GET", repeatsUnheard = true } = request;
  let mayBeDone = false;
  for (let attempt = 1; ; attempt += 1) {
    const outcome = await attemptOnce(settings, request);
    if ("body" in outcome) return outcome.body;
    const { error, again } = outcome;
    mayBeDone ||= again === "repeatable";
    const mayGiveUp = again === "unheard" && !mayBeDone;
    if (mayGiveUp) giveUp?.throwIfAborted();
    const asked_ms = error instanceof ApiError ? (error.retry_after_ms ?? 0) : 0;
    const mayRepeat = (again === "unheard" && repeatsUnheard) || (again === "repeatable" && repeatable);
    if (!mayRepeat || attempt > settings.retries || asked_ms > RETRY_AFTER_MAX_MS) throw error;
    await pause(Math.max(asked_ms, backoff_ms(attempt)), mayGiveUp ? anyOf(signal, giveUp) : signal);
  }
}

async function attemptOnce(
  settings: Settings,
  request: Request,
): Promise<{ readonly body: unknown } | Failure> {
  const timeout_ms = request.timeout_ms ?? settings.timeout_ms;
  const time = AbortSignal.timeout(timeout_ms);
  try {
    const response = await ask(settings, { ...request, signal: anyOf(request.signal, time) });
    const text = await response.text().catch((error: unknown) => {
      throw noAnswer(settings, error);
    });
    return read(settings, response, text);
  } catch (error) {
    request.signal?.throwIfAborted();
    if (time.aborted) return { error: noAnswer(settings, error, timeout_ms), again: "repeatable" };
    if (error instanceof ConnectionError) return { error, again: "repeatable" };
    throw error;
  }
}

/**
 * One request, up to the head of its answer. The body has not been read. Redirects are not followed: they
 * would turn a POST into a GET. Throws a `ConnectionError`, or the reason of the signal.
 */
export async function ask(settings: Settings, request: Request): Promise<Response> {
  const { method, path, body, headers, signal } = request;
  signal?.throwIfAborted();
  const key = await settings.apiKey?.();
  const init: RequestInit = {
    method,
    redirect: "manual",
    headers: {
      accept: "application/json",
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      // Without a key, the cookie of a session counts. No other site can send this header.
      ...(key === undefined ? { "x-csrf-protection": "1" } : { authorization: `Bearer ${key}` }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    ...(signal ? { signal } : {}),
  };
  return await settings.fetch(`${settings.baseUrl}${path}`, init).catch((error: unknown) => {
    signal?.throwIfAborted();
    throw noAnswer(settings, error);
  });
}

function read(settings: Settings, response: Response, text: string): { readonly body: unknown } | Failure {
  const { status, headers } = response;
  const type = headers.get("content-type") ?? "";
  const requestId = headers.get("request-id") ?? undefined;
  const isJson = /^application\/(problem\+)?json\b/.test(type);
  if (status === 204) return { body: undefined };
  const body = isJson ? parse(text) : undefined;
  if (response.ok && body !== undefined) return { body };
  // The end of it is missing.
  if (response.ok && isJson)
    return {
      error: new ConnectionError("Only a part of the answer came.", { requestId }),
      again: "repeatable",
    };
  if (isProblem(body)) return refused(body, retryAfter_ms(headers.get("retry-after")));
  return {
    error: new UnexpectedAnswerError(explain(settings, response, type, text), status, requestId),
    again: [408, 429].includes(status)
      ? "unheard"
      : [502, 503, 504].includes(status)
        ? "repeatable"
        : "never",
  };
}

function refused(problem: Problem, after_ms: number | undefined): Failure {
  const { status, retryable } = problem;
  const error = new (classOf(problem.code) ?? ApiError)(problem, after_ms);
  // Nobody gets richer by asking again.
  if (!retryable || status === 402) return { error, again: "never" };
  return { error, again: [408, 429].includes(status) ? "unheard" : "repeatable" };
}

/** Throws what an answer other than 200 means; for answers whose body is a stream. */
export async function refuse(settings: Settings, response: Response): Promise<never> {
  const outcome = read(settings, response, await response.text());
  if ("error" in outcome) throw outcome.error;
  const type = response.headers.get("content-type") ?? "";
  throw new UnexpectedAnswerError(explain(settings, response, type, ""), response.status);
}

export function noAnswer({ baseUrl }: Settings, cause: unknown, timeout_ms?: number): ConnectionError {
  const reason = timeout_ms === undefined ? `: ${reasonOf(cause)}` : ` within ${timeout_ms} ms`;
  return new ConnectionError(`No answer from ${baseUrl}${reason}.`, { cause });
}

/** Node says "fetch failed", and in the cause why. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message} (${error.cause.message})` : error.message;
}

function explain({ baseUrl }: Settings, response: Response, type: string, text: string): string {
  const { status } = response;
  const to = response.headers.get("location");
  if ((status >= 300 && status < 400) || response.type === "opaqueredirect")
    return `${baseUrl} leads elsewhere${to === null ? "" : `, to ${to}`}: set baseUrl to where the API is.`;
  const what = type === "" ? "without a content type" : `with ${type.split(";")[0]}`;
  const begin = text.trim().slice(0, SHOWN_MAX);
  return `${baseUrl} answered ${status} ${what}, not as the API does: is baseUrl right?${begin === "" ? "" : ` It begins: ${begin}`}`;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isProblem(body: unknown): body is Problem {
  return typeof body === "object" && body !== null && "code" in body && "status" in body && "detail" in body;
}

/** Seconds, or a date. */
function retryAfter_ms(value: string | null): number | undefined {
  if (value === null) return undefined;
  const ms = /^\d+$/.test(value) ? Number(value) * 1_000 : Date.parse(value) - Date.now();
  return Number.isNaN(ms) ? undefined : Math.max(0, ms);
}
