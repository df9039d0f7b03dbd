import type { FastifyInstance } from "fastify";

/** What every job of the bench carries. */
export interface Payload {
  readonly n: number;
}

/** Where a contender lives for one measurement: an empty database and an empty Redis. */
export interface Place {
  readonly databaseUrl: string;
  readonly redisUrl: string;
}

/**
 * What the measurement is about. A setting that trades one for the other may differ between the two, and says so in `settings`:
 * `throughput` for submit and drain, `latency` for pick-up and end to end.
 */
export type Purpose = "throughput" | "latency";

/** A place made ready; travels to the other processes as it is. */
export interface Site extends Place {
  readonly purpose: Purpose;
  readonly jobTypeId: string;
  readonly customerIds: readonly string[];
  /** One a customer, where the API wants one. */
  readonly apiKeys: readonly string[];
}

/** Of those contenders that know no customers. */
export const NO_CUSTOMERS = { jobTypeId: "", customerIds: [], apiKeys: [] } as const;

export interface Client {
  /** All of them in one call, where the contender has such a call. */
  submitBulk(payloads: readonly Payload[]): Promise<void>;
  submitOne(payload: Payload): Promise<void>;
  counts(): Promise<Counts>;
  /** What is wrong with the books, for those who keep books. */
  audit?(): Promise<string[]>;
  close(): Promise<void>;
}

export interface Counts {
  /** Submitted and not finished. */
  readonly open: number;
  /** Finished and kept; undefined where the finished are deleted. */
  readonly succeeded: number | undefined;
}

/** What a worker tells of each job. Both are called once a job. */
export interface Watch {
  /** As the first thing that the job's own code does. */
  started(n: number): void;
  /** Once the store knows that the job has ended. */
  settled(n: number): void;
}

export interface Worker {
  /** Begins to take jobs. Opening connections and loading code has happened before. */
  start(): Promise<void>;
  /** Takes no more, lets what runs end. */
  stop(): Promise<void>;
}

export interface HttpRequest {
  readonly authorization?: string;
  readonly body: unknown;
}

/** One queue, as the bench sees it. Each in a file of its own; the only file that knows its library. */
export interface Contender {
  readonly title: string;
  /** The settings it runs with, for RESULTS.md. */
  readonly settings: string;
  /** Where these come from. */
  readonly source: string;
  /** Part of the usual number of jobs that a slow one gets, so that a run ends; rates stay comparable. */
  readonly share: number;
  setUp(place: Place, purpose: Purpose, customers: number): Promise<Site>;
  openClient(site: Site): Promise<Client>;
  openWorker(site: Site, watch: Watch): Promise<Worker>;
  /** An HTTP API of its own; others get the plain route of `plain-api.ts`. */
  openApi?(site: Site): Promise<FastifyInstance>;
  /** The body, and headers, of `POST /jobs`; the payload alone when left out. */
  httpRequest?(site: Site, payload: Payload): HttpRequest;
}

export function payloads(first: number, count: number): Payload[] {
  return Array.from({ length: count }, (_, index) => ({ n: first + index }));
}
