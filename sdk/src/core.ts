import type { Operations } from "./api-types.gen.ts";
import { send, type Request, type Settings } from "./transport.ts";

/** A method and a path of the API: `"POST /jobs"`. */
export type Operation = keyof Operations;

/** What an operation takes, as openapi.json says: what stands in its path, its query, its body. */
export type ArgumentsOf<Name extends Operation> = Omit<Operations[Name], "answer">;

/** What an operation returns. */
export type AnswerOf<Name extends Operation> = Operations[Name]["answer"];

/** Options of a single request. */
export interface RequestOptions {
  /** Aborted before: nothing is sent. Aborted later: the request is dropped, and may have been done. */
  readonly signal?: AbortSignal | undefined;
  /** How long one attempt may take. */
  readonly timeout_ms?: number | undefined;
}

/** Options that the SDK sets itself. */
type SentOptions = RequestOptions & Pick<Request, "headers" | "repeatable" | "repeatsUnheard" | "giveUp">;

/** The typed operations of `openapi.json`, over one way to send them. */
export class Core {
  readonly settings: Settings;

  constructor(settings: Settings) {
    this.settings = settings;
  }

  /** Calls an operation. It costs no code: what it takes and returns are types. */
  async call<Name extends Operation>(
    name: Name,
    given: ArgumentsOf<Name>,
    options: SentOptions = {},
  ): Promise<AnswerOf<Name>> {
    const [method = "", template = ""] = name.split(" ");
    // Each operation has some of these three.
    const {
      path = {},
      query = {},
      body,
    } = given as {
      readonly path?: Readonly<Record<string, string>>;
      readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
      readonly body?: unknown;
    };
    const search = new URLSearchParams();
    for (const [key, value] of Object.entries(query)) if (value !== undefined) search.set(key, String(value));
    const filled = template.replaceAll(/\{(\w+)\}/g, (_, key: string) => segment(key, path[key]));
    const { size } = search;
    return (await send(this.settings, {
      method,
      path: size === 0 ? filled : `${filled}?${search.toString()}`,
      body,
      ...options,
      // As the OpenAPI document describes it, which the API's own tests hold it to.
    })) as AnswerOf<Name>;
  }
}

/** One segment of a path. A dot alone would lead to another path. */
function segment(name: string, value: string | undefined): string {
  if (value === undefined || value === "" || /^\.\.?$/.test(value))
    throw new TypeError(`${name} must be an id, not ${JSON.stringify(value)}`);
  return encodeURIComponent(value);
}

/** All rows of a list, page by page as they are read. */
export async function* pages<Row>(
  read: (
    cursor: string | undefined,
  ) => Promise<{ readonly data: readonly Row[]; readonly next_cursor: string | null }>,
): AsyncGenerator<Row, void, undefined> {
  let cursor: string | undefined;
  do {
    const page = await read(cursor);
    yield* page.data;
    cursor = page.next_cursor ?? undefined;
  } while (cursor !== undefined);
}

/** An idempotency key for one logical call. `randomUUID` is missing on pages without https. */
export function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) =>
    byte.toString(16).padStart(2, "0"),
  ).join("");
}
