import assert from "node:assert/strict";
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import ajvFormats from "ajv-formats";
import type { FastifyInstance, InjectOptions } from "fastify";
import type { Logger } from "pino";
import { atTheEnd } from "../../test/support/cleanup.ts";
import { createTestPlatform, type TestPlatform } from "../../test/support/test-platform.ts";
import type { RateLimits } from "../core/use-cases/rate-limits.ts";
import { createApi } from "./server.ts";

/**
 * For tests only: the API on a real database, and a client that validates every response against the OpenAPI
 * document.
 */

const PROBLEM = "#/components/schemas/Problem";

export const ADMIN_KEY = "the admin key of the tests";

type Method = NonNullable<InjectOptions["method"]>;

interface Ask {
  /** Null: no key. Default: the admin key. */
  readonly key?: string | null;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Sent unchanged, as `application/json` unless the headers say otherwise. */
  readonly raw?: string | Buffer;
  readonly headers?: Record<string, string>;
}

// A response of any shape: a wrong one fails the expectation that reads it.
// oxlint-disable-next-line typescript/no-explicit-any
type Json = any;

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | number | string[] | undefined>>;
  readonly body: Json;
  readonly text: string;
}

export interface TestApi extends TestPlatform {
  readonly api: FastifyInstance;
  /**
   * Sends a request. Fails when the response is not documented for its route, or not in the documented form.
   */
  ask(method: string, url: string, ask?: Ask): Promise<Answer>;
}

export async function createTestApi(
  options: Parameters<typeof createTestPlatform>[0] & {
    log?: Logger;
    trustedProxies?: readonly string[];
    rateLimits?: RateLimits;
  } = {},
): Promise<TestApi> {
  const test = await createTestPlatform(options);
  const { log = false, trustedProxies, rateLimits = test.platform.rateLimits } = options;
  const platform = { ...test.platform, rateLimits };
  const api = await createApi({ platform, adminApiKey: ADMIN_KEY, log, trustedProxies });
  atTheEnd(() => api.close());
  const expectDocumented = documentedBy(api.swagger());
  return {
    ...test,
    api,
    async ask(method, url, { key = ADMIN_KEY, body, raw, headers } = {}) {
      const response = await api.inject({
        // Node's client sends any method; the type lists the usual ones.
        method: method as Method,
        url,
        ...payload(body, raw),
        headers: { ...contentType(body, raw), ...bearer(key), ...headers },
      });
      const isJson = String(response.headers["content-type"]).includes("json");
      const answer: Answer = {
        status: response.statusCode,
        headers: response.headers,
        body: isJson ? response.json() : undefined,
        text: response.body,
      };
      expectDocumented(method, url, answer);
      return answer;
    },
  };
}

function payload(body: unknown, raw: string | Buffer | undefined): Pick<InjectOptions, "payload"> {
  if (raw !== undefined) return { payload: raw };
  return body === undefined ? {} : { payload: JSON.stringify(body) };
}

function contentType(body: unknown, raw: unknown): Record<string, string> {
  return body === undefined && raw === undefined ? {} : { "content-type": "application/json" };
}

function bearer(key: string | null): Record<string, string> {
  return key === null ? {} : { authorization: `Bearer ${key}` };
}

/** Returns a check of one response against the document, which throws what is wrong with it. */
function documentedBy(document: Json): (method: string, url: string, answer: Answer) => void {
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  ajvFormats.default(ajv);
  const { components } = document;
  const paths = Object.entries<Json>(document.paths).map(([path, operations]) => ({
    pattern: new RegExp(`^${path.replaceAll(/\{\w+\}/g, "[^/]+")}(\\?|$)`),
    operations,
  }));
  const compiled = new Map<unknown, ValidateFunction>();
  // A request may match no route, for example with broken percent-encoding: then any problem is accepted.
  const ofNoRoute = { content: { "application/problem+json": { schema: { $ref: PROBLEM } } } };

  return (method, url, answer) => {
    const id = String(answer.headers["request-id"]);
    assert.match(id, /^[0-9a-f-]{36}$/);
    if (answer.status >= 400) {
      assert.deepEqual([answer.body?.status, answer.body?.request_id], [answer.status, id]);
      // Each of these pages is there: error-pages.test.ts.
      assert.equal(answer.body.type, `/docs/errors/${answer.body.code}`);
    }

    const operation = paths.find(({ pattern }) => pattern.test(url))?.operations[method.toLowerCase()];
    const response = operation ? operation.responses[answer.status] : ofNoRoute;
    assert(response, `${method} ${url} returns ${answer.status}, which is not documented: ${answer.text}`);
    if (!response.content) return assert.equal(answer.text, "");
    const type = String(answer.headers["content-type"]).split(";")[0] ?? "";
    const media = response.content[type];
    assert(media, `${method} ${url} returns ${type}, which is not documented`);
    const validate = compiled.get(media) ?? ajv.compile({ ...media.schema, components });
    compiled.set(media, validate);
    const isValid = validate(answer.body ?? answer.text);
    assert(isValid, `${method} ${url}: ${ajv.errorsText(validate.errors)} in ${answer.text}`);
  };
}
