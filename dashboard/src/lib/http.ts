import { signal } from "@preact/signals";
import type { Api } from "../api-types.gen.ts";
import { parseExact } from "./exact-json.ts";
import { Away, Problem } from "./problem.ts";
import { ROOT } from "./root.ts";

/** Since when the API does not answer; undefined while it does. The banner shows it. */
export const awaySince = signal<number | undefined>(undefined);
/** Called when the API says 401: whoever looks on signs in again, and stays on the page. */
export const onSignedOut = { call: (): void => undefined };

type Query = Readonly<Record<string, string | number | undefined>>;

export interface Question {
  readonly method?: string;
  readonly query?: Query;
  /** Sent as JSON. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** `path` with its query, below the root of the API. Segments of a path must be encoded by the caller. */
export function apiUrl(path: string, query: Query = {}): URL {
  const url = new URL(path.replace(/^\//, ""), ROOT);
  for (const [name, value] of Object.entries(query))
    if (value !== undefined && value !== "") url.searchParams.set(name, String(value));
  return url;
}

/** The same as a path below the root, for what asks again and again. */
export function apiPath(path: string, query: Query = {}): string {
  return `/${apiUrl(path, query).href.slice(ROOT.href.length)}`;
}

/** The text of the answer. Throws a `Problem`, or `Away` when the API cannot be reached. */
export async function askText(path: string, question: Question = {}): Promise<string> {
  const { method = "GET", query, body, headers, signal: stop } = question;
  const response = await fetch(apiUrl(path, query), {
    method,
    credentials: "same-origin",
    headers: {
      accept: "application/json",
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      // No other site can send this header: the cookie alone changes nothing.
      ...(method === "GET" ? {} : { "x-csrf-protection": "1" }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    ...(stop ? { signal: stop } : {}),
  }).catch((error: unknown) => {
    throw stop?.aborted ? error : noteAway("The API does not answer.");
  });
  const text = await response.text().catch((error: unknown) => {
    throw stop?.aborted ? error : noteAway("The API ended the connection.");
  });
  if (response.ok) {
    awaySince.value = undefined;
    return text;
  }
  const problem = new Problem(response.status, problemOf(text));
  // A proxy answers for an API that is away, and the API for its database.
  if ([502, 503, 504].includes(response.status)) throw noteAway(problem.message);
  awaySince.value = undefined;
  if (response.status === 401 && !path.startsWith("/session")) onSignedOut.call();
  throw problem;
}

/** The answer as a value. `T` is what the OpenAPI document says of that route. */
export async function ask<T>(path: string, question: Question = {}): Promise<T> {
  const text = await askText(path, question);
  // The types are generated from the document against which the API's own tests check its answers.
  return (text === "" ? undefined : parseExact(text)) as T;
}

export async function post<T>(path: string, body: unknown, question: Question = {}): Promise<T> {
  return await ask<T>(path, { method: "POST", body, ...question });
}

function noteAway(message: string): Away {
  awaySince.value ??= Date.now();
  return new Away(message);
}

function problemOf(text: string): Partial<Api["Problem"]> {
  try {
    const body: unknown = JSON.parse(text);
    // Only shown, never relied upon: a proxy may answer anything.
    return typeof body === "object" && body !== null ? body : {};
  } catch {
    return {};
  }
}
