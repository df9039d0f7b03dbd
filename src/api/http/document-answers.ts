import { ERRORS, type ErrorCode } from "../../core/lib/errors.ts";
import { problemExample } from "./problem-examples.ts";

/** What is known of an operation beside its schemas. */
export interface OperationNotes {
  readonly errors: readonly ErrorCode[];
  /** What the `Location` header leads to; undefined without that header. */
  readonly location: string | undefined;
  readonly takesIdempotencyKey: boolean;
  readonly takesBody: boolean;
  /** Whether customers' keys use it, whose rate is limited. */
  readonly isLimited: boolean;
}

interface Header {
  readonly description: string;
  readonly schema: object;
}

interface Answer {
  headers?: Record<string, Header>;
  content?: Record<string, { examples?: object }>;
}

const text = (description: string, schema: object = {}): Header => ({
  description,
  schema: { type: "string", ...schema },
});

const REQUEST_ID = text("Id of the request. Quote it when you ask for help.", { format: "uuid" });
const RETRY_AFTER: Header = {
  description: "Seconds after which the same request may succeed.",
  schema: { type: "integer", minimum: 1 },
};
const WWW_AUTHENTICATE = text("Always `Bearer`.", { const: "Bearer" });
const REPLAYED = text(
  "`true` when an earlier request with the same Idempotency-Key created what is returned. Left out otherwise.",
  { const: "true" },
);
const POLICY = text(
  "How often a customer's key may send requests: `q` at once, and as many again within `w` seconds. Left out where there is no limit.",
);
const LEFT = text(
  "How many requests are left to this key (`r`), and in how many seconds all are there again (`t`); with 429, in how many seconds the next one is.",
);
const APPLIED = text("Preferences of the request (`Prefer`, RFC 7240) that were honoured.");
const IGNORED = text(
  "Preferences of the request that have no effect, so that nobody waits for one. With `handling=strict` the request is refused instead.",
);

/** Adds to each response of an operation its headers, and to each error one example a code. */
export function documentAnswers(responses: Record<string, Answer>, notes: OperationNotes): void {
  for (const [status, response] of Object.entries(responses)) {
    response.headers = headersOf(Number(status), notes);
    const problem = response.content?.["application/problem+json"];
    if (problem)
      problem.examples = Object.fromEntries(
        notes.errors
          .filter((code) => ERRORS[code].status === Number(status))
          .map((code) => [code, { summary: ERRORS[code].title, value: problemExample(code) }]),
      );
  }
}

function headersOf(status: number, notes: OperationNotes): Record<string, Header> {
  const isServed = status < 300;
  return {
    "Request-Id": REQUEST_ID,
    ...(isServed && status !== 204 && notes.location !== undefined
      ? { Location: text(notes.location, { format: "uri-reference" }) }
      : {}),
    ...(status === 200 && notes.takesIdempotencyKey ? { "Idempotent-Replayed": REPLAYED } : {}),
    ...(isServed && notes.takesBody ? { "Preference-Applied": APPLIED, "Preference-Ignored": IGNORED } : {}),
    ...(notes.isLimited && status !== 401 ? { "RateLimit-Policy": POLICY, RateLimit: LEFT } : {}),
    ...(status === 401 ? { "WWW-Authenticate": WWW_AUTHENTICATE } : {}),
    ...(status === 429 || status === 503 ? { "Retry-After": RETRY_AFTER } : {}),
  };
}
