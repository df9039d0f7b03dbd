import { setTimeout as wait } from "node:timers/promises";
import { z } from "zod";

/** Of a request that is answered 429: it did nothing, so it may be sent again. */
const TRIES_MAX = 5;
/** The most that a list answers. */
const PAGE_LIMIT = 200;

const Problem = z.object({ code: z.string(), title: z.string().optional(), detail: z.string().optional() });

/** The API said no. */
export class RequestRefusedError extends Error {
  override readonly name = "RequestRefusedError";
  readonly status: number;
  readonly code: string;

  constructor(request: string, status: number, problem: z.output<typeof Problem>) {
    super(
      `${request} answered ${status} ${problem.code}: ${problem.detail ?? problem.title ?? "no explanation"}`,
    );
    this.status = status;
    this.code = problem.code;
  }
}

/** The API as one user of it sees it. Answers are checked: what the contract does not promise fails here. */
export interface DemoClient {
  get<T>(path: string, answer: z.ZodType<T>): Promise<T>;
  post<T>(path: string, body: unknown, answer: z.ZodType<T>): Promise<T>;
}

interface ClientOptions {
  readonly url: string;
  readonly key: string;
  /** Ends whatever is under way. */
  readonly signal: AbortSignal;
}

export function createClient({ url, key, signal }: ClientOptions): DemoClient {
  const headers = { authorization: `Bearer ${key}` };
  return {
    get: (path, answer) => send(`${url}${path}`, { headers, signal }, answer),
    post: (path, body, answer) =>
      send(
        `${url}${path}`,
        {
          method: "POST",
          headers: { ...headers, "content-type": "application/json" },
          body: JSON.stringify(body),
          signal,
        },
        answer,
      ),
  };
}

async function send<T>(url: string, request: RequestInit, answer: z.ZodType<T>): Promise<T> {
  const name = `${request.method ?? "GET"} ${new URL(url).pathname}`;
  for (let attempt = 1; ; attempt += 1) {
    const response = await fetch(url, request);
    if (response.status === 429 && attempt < TRIES_MAX) {
      await response.arrayBuffer();
      const seconds = Number(response.headers.get("retry-after") ?? "1");
      await wait(seconds * 1_000, undefined, request.signal ? { signal: request.signal } : {});
      continue;
    }
    const body: unknown = await response.json();
    if (!response.ok) throw new RequestRefusedError(name, response.status, readProblem(body));
    const parsed = answer.safeParse(body);
    if (parsed.success) return parsed.data;
    throw new Error(
      `${name} answered something else than the contract says: ${z.prettifyError(parsed.error)}`,
    );
  }
}

function readProblem(body: unknown): z.output<typeof Problem> {
  const parsed = Problem.safeParse(body);
  return parsed.success ? parsed.data : { code: "?", detail: JSON.stringify(body).slice(0, 200) };
}

/** A whole list, cursor by cursor. */
export async function listAll<T extends z.ZodType>(
  client: DemoClient,
  path: string,
  item: T,
): Promise<z.output<T>[]> {
  const Page = z.object({ data: z.array(item), next_cursor: z.string().nullable() });
  const items: z.output<T>[] = [];
  for (let cursor: string | null = ""; cursor !== null;) {
    const query = new URLSearchParams({ limit: String(PAGE_LIMIT), ...(cursor === "" ? {} : { cursor }) });
    const page: z.output<typeof Page> = await client.get(`${path}?${query.toString()}`, Page);
    items.push(...page.data);
    cursor = page.next_cursor;
  }
  return items;
}
