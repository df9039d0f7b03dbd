import { Core, type AnswerOf, type ArgumentsOf, type Operation, type RequestOptions } from "./core.ts";
import { JobTypeIds } from "./job-type-ids.ts";
import type { AnyJobTypes } from "./job-types.ts";
import { Jobs } from "./jobs.ts";
import type { Settings } from "./transport.ts";
import { Wallet } from "./wallet.ts";
import { webhooks } from "./webhooks.ts";

// This file is the package: all that it exports stands here.
export type { Api, Operations } from "./api-types.gen.ts";
export type { AnswerOf, ArgumentsOf, Operation, RequestOptions } from "./core.ts";
export * from "./errors.gen.ts";
export type { JobEvent } from "./follow-events.ts";
export {
  ApiError,
  CancelFailedError,
  ConnectionError,
  IepError,
  JobCancelledError,
  JobFailedError,
  UnexpectedAnswerError,
  WaitTimeoutError,
  WebhookVerificationError,
  type ErrorCode,
  type Problem,
} from "./iep-error.ts";
export type { AnyJobTypes, EndedJob, Job } from "./job-types.ts";
export type { BatchItem, BatchResult, Jobs, Progress, SubmitOptions, WaitOptions } from "./jobs.ts";
export type { RunOptions } from "./run-job.ts";
export type { Wallet } from "./wallet.ts";
export { webhooks, type WebhookEvent, type WebhookHeaders } from "./webhooks.ts";

const RETRIES = 2;
const TIMEOUT_MS = 30_000;
/** What a header takes. */
const KEY = /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/;

export interface ClientOptions {
  /** Where the API is, such as `https://jobs.example.com`. In a browser also a path, such as `/`. */
  readonly baseUrl: string;
  /**
   * A key, or a function that returns the one to use now. Left out in a browser: the cookie of a session that
   * `POST /session` began. Never put a key into a page that others can read.
   */
  readonly apiKey?: string | (() => string | Promise<string>) | undefined;
  /** Attempts after the first, of what is safe to repeat. Default: 2. */
  readonly retries?: number | undefined;
  /** How long one attempt may take. Default: 30,000. */
  readonly timeout_ms?: number | undefined;
  /** Default: the global one. */
  readonly fetch?: typeof fetch | undefined;
}

export interface Client<Types> {
  readonly jobs: Jobs<Types>;
  readonly wallet: Wallet;
  readonly webhooks: typeof webhooks;
  /**
   * Any operation of the API, typed as `openapi.json` says: for what has no method of its own here. Only GET is
   * repeated after a failure.
   *
   * ```ts
   * const { data } = await iep.call("GET /job-types", { query: { limit: 10 } });
   * ```
   */
  call<Name extends Operation>(
    name: Name,
    given: ArgumentsOf<Name>,
    options?: RequestOptions,
  ): Promise<AnswerOf<Name>>;
}

/**
 * A client of the platform. It opens nothing and asks nothing before its first use. Throws a TypeError for
 * options that cannot be right. `Types` is what `iep job-types types` writes: with it, inputs and outputs are
 * typed by the name of the job type.
 *
 * ```ts
 * const iep = createClient<JobTypes>({ baseUrl: "https://jobs.example.com", apiKey });
 * const { output_data, cost_cents } = await iep.jobs.run("Text statistics", { text: "One fish." });
 * ```
 */
export function createClient<Types = AnyJobTypes>(options: ClientOptions): Client<Types> {
  const core = new Core(settingsOf(options));
  return {
    jobs: new Jobs<Types>(core, new JobTypeIds(core)),
    wallet: new Wallet(core),
    webhooks,
    call: (name, given, { signal, timeout_ms } = {}) => core.call(name, given, { signal, timeout_ms }),
  };
}

function settingsOf({ baseUrl, apiKey, retries, timeout_ms, fetch: given }: ClientOptions): Settings {
  return {
    baseUrl: rootOf(baseUrl),
    apiKey: apiKey === undefined ? undefined : keyOf(apiKey),
    retries: whole("retries", retries ?? RETRIES, 0, 100),
    timeout_ms: whole("timeout_ms", timeout_ms ?? TIMEOUT_MS, 1, 2 ** 31 - 1),
    // Called as a function of the page: a browser refuses it as a method of another object.
    fetch: given ?? ((input, init) => fetch(input, init)),
  };
}

/** Without a slash at its end. */
function rootOf(baseUrl: unknown): string {
  // A page has it, Node has not.
  const base = (globalThis as { readonly location?: { readonly href: string } }).location?.href;
  const url = typeof baseUrl === "string" && URL.canParse(baseUrl, base) ? new URL(baseUrl, base) : undefined;
  if (!url || !/^https?:$/.test(url.protocol))
    throw new TypeError(
      `baseUrl must be where the API is, such as https://jobs.example.com, not ${JSON.stringify(baseUrl)}.`,
    );
  if (url.username !== "" || url.search !== "" || url.hash !== "")
    throw new TypeError("baseUrl must have no user, no query and no fragment. Give the key as apiKey.");
  return url.href.replace(/\/+$/, "");
}

/** A key that is given is checked at once, and one that a function returns whenever it does. */
function keyOf(apiKey: NonNullable<ClientOptions["apiKey"]>): () => Promise<string> {
  if (typeof apiKey === "function") return async () => checked(await apiKey());
  const key = checked(apiKey);
  return async () => key;
}

function checked(key: unknown): string {
  if (typeof key === "string" && KEY.test(key)) return key;
  throw new TypeError(
    "apiKey must be a key as it was shown, such as iep_…: it is empty, or has characters that no header takes.",
  );
}

function whole(name: string, value: number, min: number, max: number): number {
  if (Number.isInteger(value) && value >= min && value <= max) return value;
  throw new TypeError(`${name} must be a whole number from ${min} to ${max}, not ${String(value)}.`);
}
