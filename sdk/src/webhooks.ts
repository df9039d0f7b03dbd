import { WebhookVerificationError } from "./iep-error.ts";

/** How far the clocks of sender and receiver may differ. Older requests may be replays of recorded ones. */
const TOLERANCE_SECONDS = 300;
const PREFIX = "whsec_";
const HMAC = { name: "HMAC", hash: "SHA-256" };
const ID = "webhook-id";
const TIME = "webhook-timestamp";
const SIGNATURE = "webhook-signature";

/** What happened, as a webhook tells it. */
export interface WebhookEvent {
  readonly type: string;
  readonly timestamp: string;
  /** Of events of jobs: the id of what happened among the events of the job. It only grows. */
  readonly sequence?: number;
  readonly data: unknown;
}

/** Of `fetch`, of Node, or a plain object. */
export type WebhookHeaders =
  { get(name: string): string | null } | Readonly<Record<string, string | readonly string[] | undefined>>;

interface VerifyOptions {
  readonly tolerance_seconds?: number;
  /** For tests: the time in seconds. */
  readonly now_seconds?: number;
}

/** Checks and signs webhooks as Standard Webhooks says: https://www.standardwebhooks.com */
export const webhooks = {
  /**
   * Returns the event of a webhook request, once its signature and its time are found to be right. Give it the
   * body as it came, before anything parsed it. `secret` may be several, while one replaces another. Throws a
   * `WebhookVerificationError` that says what is wrong: answer it with status 400.
   */
  async verify(
    rawBody: string | Uint8Array | ArrayBuffer,
    headers: WebhookHeaders,
    secret: string | readonly string[],
    { tolerance_seconds = TOLERANCE_SECONDS, now_seconds = Date.now() / 1_000 }: VerifyOptions = {},
  ): Promise<WebhookEvent> {
    const body = bytesOf(rawBody);
    const id = headerOf(headers, ID);
    const time = headerOf(headers, TIME);
    const signatures = signaturesOf(headerOf(headers, SIGNATURE));
    if (!/^\d{1,12}$/.test(time)) throw new WebhookVerificationError(`${TIME} must be seconds since 1970.`);
    const age = now_seconds - Number(time);
    if (Math.abs(age) > tolerance_seconds)
      throw new WebhookVerificationError(
        `${TIME} is ${Math.round(Math.abs(age))} s ${age > 0 ? "old" : "ahead"}, and ${tolerance_seconds} s are allowed: the clock is wrong, or somebody sends a recorded request again.`,
      );
    const content = contentOf(id, time, body);
    const secrets = [secret].flat();
    if (secrets.length === 0) throw new WebhookVerificationError("There is no secret to check with.");
    for (const one of secrets) {
      const key = await crypto.subtle.importKey("raw", secretBytes(one), HMAC, false, ["verify"]);
      // Takes the same time wherever two signatures differ.
      for (const signature of signatures)
        if (await crypto.subtle.verify(HMAC, key, signature, content)) return parse(body);
    }
    throw new WebhookVerificationError(
      `No signature fits: the secret is of another endpoint, or the body is not as it was sent. Verify the body before anything parses or changes it.`,
    );
  },

  /** The headers of a webhook request, to test a receiver with. */
  async sign(
    rawBody: string | Uint8Array | ArrayBuffer,
    secret: string,
    { id = `msg_${crypto.randomUUID()}`, now_seconds = Math.floor(Date.now() / 1_000) } = {},
  ): Promise<Record<"webhook-id" | "webhook-timestamp" | "webhook-signature", string>> {
    const content = contentOf(id, String(now_seconds), bytesOf(rawBody));
    const key = await crypto.subtle.importKey("raw", secretBytes(secret), HMAC, false, ["sign"]);
    const signature = new Uint8Array(await crypto.subtle.sign(HMAC, key, content));
    return {
      [ID]: id,
      [TIME]: String(now_seconds),
      [SIGNATURE]: `v1,${btoa(String.fromCharCode(...signature))}`,
    };
  },
};

function bytesOf(body: unknown): Uint8Array<ArrayBuffer> {
  if (typeof body === "string") return new TextEncoder().encode(body);
  // A copy, as the bytes may lie in memory that is shared.
  if (body instanceof Uint8Array) return Uint8Array.from(body);
  if (body instanceof ArrayBuffer) return new Uint8Array(body);
  throw new WebhookVerificationError(
    "Give verify the raw body, a string or bytes: this one was parsed already, and written again it need not be the same. With Express use express.raw(), with Fastify a content type parser that keeps the text.",
  );
}

function headerOf(headers: WebhookHeaders, name: string): string {
  const value = isGetter(headers) ? headers.get(name) : findIn(headers, name);
  if (typeof value === "string" && value !== "") return value;
  throw new WebhookVerificationError(`The header ${name} is missing: this is no webhook of the platform.`);
}

function isGetter(headers: WebhookHeaders): headers is { get(name: string): string | null } {
  return "get" in headers && typeof headers.get === "function";
}

/** Whatever the case of the name. */
function findIn(headers: Readonly<Record<string, unknown>>, name: string): unknown {
  for (const [key, value] of Object.entries(headers))
    if (key.toLowerCase() === name) return Array.isArray(value) ? value.join(" ") : value;
  return undefined;
}

/** Those of version 1. Others may stand beside them, such as those of a version that comes later. */
function signaturesOf(header: string): Uint8Array<ArrayBuffer>[] {
  const found = header.split(" ").flatMap((one) => {
    const bytes = one.startsWith("v1,") ? decode(one.slice(3)) : undefined;
    return bytes ? [bytes] : [];
  });
  if (found.length === 0)
    throw new WebhookVerificationError(`${SIGNATURE} holds no signature of version 1 (v1,…).`);
  return found;
}

function secretBytes(secret: string): Uint8Array<ArrayBuffer> {
  const bytes = decode(secret.startsWith(PREFIX) ? secret.slice(PREFIX.length) : secret);
  if (bytes && bytes.length > 0) return bytes;
  throw new WebhookVerificationError(
    `The secret must be ${PREFIX} and base64, as it was shown when the endpoint was created.`,
  );
}

function contentOf(id: string, time: string, body: Uint8Array): Uint8Array<ArrayBuffer> {
  const head = new TextEncoder().encode(`${id}.${time}.`);
  const content = new Uint8Array(head.length + body.length);
  content.set(head);
  content.set(body, head.length);
  return content;
}

function parse(body: Uint8Array): WebhookEvent {
  try {
    // Signed by the platform, which writes this form.
    return JSON.parse(new TextDecoder().decode(body)) as WebhookEvent;
  } catch (cause) {
    throw new WebhookVerificationError("The body is signed, but it is not JSON.", { cause });
  }
}

function decode(base64: string): Uint8Array<ArrayBuffer> | undefined {
  try {
    return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  } catch {
    return undefined;
  }
}
