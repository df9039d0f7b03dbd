import http from "node:http";
import https from "node:https";
import type { LookupFunction } from "node:net";
import { RequestFilteringHttpAgent, RequestFilteringHttpsAgent } from "request-filtering-agent";
import { cut } from "../core/lib/cut.ts";
import {
  WEBHOOK_ANSWER_BYTES,
  WEBHOOK_ANSWER_HEADER_MAX,
  WEBHOOK_ANSWER_HEADERS_MAX,
  WEBHOOK_ANSWER_KEPT_BYTES,
  WEBHOOK_BODY_MS,
  WEBHOOK_TIMEOUT_MS,
  WEBHOOKS_IN_FLIGHT_MAX,
} from "../core/model/limits.ts";
import type { DeliveryAnswer, WebhookRules } from "../core/model/webhook.ts";
import { findWebhookUrlFault } from "../core/model/webhook-url.ts";
import { VERSION } from "../core/lib/version.ts";
import { IDLE_MS, tunnelAgents } from "./tunnel-agents.ts";

interface PostOptions extends WebhookRules {
  /** WEBHOOK_PROXY: everything goes through it, and it decides what may be reached. */
  readonly proxy?: string | undefined;
  /** Left out: that of the system. */
  readonly lookup?: LookupFunction;
  /** Left out: `WEBHOOK_TIMEOUT_MS`. */
  readonly timeout_ms?: number;
}

/** Sends one request. Never rejects: an answer without a status says what went wrong. */
export interface PostWebhook {
  (
    url: string,
    headers: Readonly<Record<string, string>>,
    body: string,
    stop: AbortSignal,
  ): Promise<DeliveryAnswer>;
  /** Ends idle connections. */
  close(): void;
}

/**
 * Returns what sends a delivery: with a time-out over all, without following redirects, reading little of the
 * answer. Private addresses are refused when it connects, by what the name means then.
 */
export function createPostWebhook(options: PostOptions): PostWebhook {
  const agents = options.proxy === undefined ? directAgents(options) : tunnelAgents(options.proxy);
  const post = async (
    url: string,
    headers: Readonly<Record<string, string>>,
    body: string,
    stop: AbortSignal,
  ): Promise<DeliveryAnswer> => {
    const started_at = performance.now();
    const at = new Date().toISOString();
    const took = (): number => Math.round(performance.now() - started_at);
    const failed = (error: string): DeliveryAnswer => ({
      at,
      took_ms: took(),
      status: null,
      error,
      headers: {},
      body: "",
    });
    // The rules may have changed since the endpoint was created.
    const fault = findWebhookUrlFault(url, options);
    if (fault !== undefined) return failed(`the address ${fault}`);
    const timeout_ms = options.timeout_ms ?? WEBHOOK_TIMEOUT_MS;
    const timeout = AbortSignal.timeout(timeout_ms);
    try {
      const response = await send(new URL(url), headers, body, {
        agents,
        signal: AbortSignal.any([timeout, stop]),
      });
      const text = await readBeginning(response);
      const status = response.statusCode ?? 0;
      return { at, took_ms: took(), status, error: null, headers: keptHeaders(response), body: text };
    } catch (error) {
      if (timeout.aborted) return failed(`no answer within ${timeout_ms / 1_000} s`);
      return failed(describe(error));
    }
  };
  return Object.assign(post, {
    close() {
      agents.http.destroy();
      agents.https.destroy();
    },
  });
}

export interface Agents {
  readonly http: http.Agent;
  readonly https: https.Agent;
  /** For http through a proxy: the request names its whole address, and has these headers for the proxy. */
  readonly proxyHeaders?: Readonly<Record<string, string>> | undefined;
}

function directAgents({ allowPrivate, lookup }: PostOptions): Agents {
  const agentOptions = {
    keepAlive: true,
    timeout: IDLE_MS,
    maxTotalSockets: 2 * WEBHOOKS_IN_FLIGHT_MAX,
    maxFreeSockets: 16,
    allowPrivateIPAddress: allowPrivate,
    allowMetaIPAddress: allowPrivate,
    ...(lookup ? { lookup } : {}),
  };
  return {
    http: new RequestFilteringHttpAgent(agentOptions),
    https: new RequestFilteringHttpsAgent(agentOptions),
  };
}

interface SendOptions {
  readonly agents: Agents;
  readonly signal: AbortSignal;
}

function send(
  url: URL,
  headers: Readonly<Record<string, string>>,
  body: string,
  { agents, signal }: SendOptions,
): Promise<http.IncomingMessage> {
  return new Promise((resolve, reject) => {
    const isTls = url.protocol === "https:";
    const proxyHeaders = isTls ? undefined : agents.proxyHeaders;
    const request = (isTls ? https : http).request(url, {
      method: "POST",
      agent: isTls ? agents.https : agents.http,
      ...(proxyHeaders ? { path: url.href } : {}),
      headers: {
        ...proxyHeaders,
        ...headers,
        "content-type": "application/json",
        "content-length": Buffer.byteLength(body),
        "user-agent": `iep-webhooks/${VERSION}`,
      },
      signal,
    });
    request.on("error", reject);
    request.on("response", resolve);
    request.end(body);
  });
}

/** The beginning of the body. The status is known: what of the body takes long, or is long, is left unread. */
async function readBeginning(response: http.IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  const tooLong = setTimeout(() => response.destroy(), WEBHOOK_BODY_MS);
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      if (bytes < WEBHOOK_ANSWER_KEPT_BYTES)
        chunks.push(chunk.subarray(0, WEBHOOK_ANSWER_KEPT_BYTES - bytes));
      bytes += chunk.length;
      if (bytes > WEBHOOK_ANSWER_BYTES) break;
    }
  } catch {
    // Cut by us, or by the receiver: what came before is kept.
  } finally {
    clearTimeout(tooLong);
    if (!response.complete) response.destroy();
  }
  // PostgreSQL stores no NUL in text.
  return Buffer.concat(chunks).toString("utf8").replaceAll("\0", "");
}

/** The headers that are obeyed come first, so that no flood of others pushes them out. */
const OBEYED = ["retry-after", "webhook-delivery"];

function keptHeaders({ headers }: http.IncomingMessage): Record<string, string> {
  const names = [...OBEYED, ...Object.keys(headers)].filter((name) => name !== "set-cookie");
  const kept = [...new Set(names)].flatMap((name): [string, string][] => {
    const value = headers[name];
    return value === undefined ? [] : [[cutHeader(name), cutHeader([value].flat().join(", "))]];
  });
  return Object.fromEntries(kept.slice(0, WEBHOOK_ANSWER_HEADERS_MAX));
}

function cutHeader(text: string): string {
  return text.replaceAll("\0", "").slice(0, WEBHOOK_ANSWER_HEADER_MAX);
}

/** For the customer: what happened, and no stack. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return "the request failed";
  const code = "code" in error && typeof error.code === "string" ? error.code : undefined;
  if (/is not allowed/.test(error.message))
    return "the address is private, and private addresses are refused";
  if (code === "ECONNREFUSED") return "the connection was refused";
  if (code === "ECONNRESET") return "the connection was cut";
  if (code === "ENOTFOUND" || code === "EAI_AGAIN") return "the name of the host is not known";
  if (code?.startsWith("HPE_")) return "the answer is no HTTP";
  if (error.name === "AbortError") return "it was stopped";
  return cut(error.message, 300);
}
