import type { FastifyInstance } from "fastify";

/** What every job of the bench carries. */
export interface Payload {
  readonly n: number;
  /** How long the job lasts. Left out: no time at all. */
  readonly ms?: number;
  /** Whose job it is, by number. Left out: customers follow each other. */
  readonly customer?: number;
}

/** Where a contender lives for one measurement: an empty database and an empty Redis. */
export interface Place {
  readonly databaseUrl: string;
  readonly redisUrl: string;
}

/**
 * What a measurement is about. A setting that trades throughput for latency may differ between them, and
 * `settings` says so: `throughput` for submit and drain, `latency` for pick-up and end to end, `fairness` for
 * turns of customers with `FAIR_SLOTS` jobs at a time.
 */
export type Purpose = "throughput" | "latency" | "fairness";

export const FAIR_SLOTS = 8;

/** A place that is set up. It is sent to the other processes. */
export interface Site extends Place {
  readonly purpose: Purpose;
  readonly jobTypeId: string;
  readonly customerIds: readonly string[];
  /** One for each customer, where the API needs one. */
  readonly apiKeys: readonly string[];
}

/** For contenders without customers. */
export const NO_CUSTOMERS = { jobTypeId: "", customerIds: [], apiKeys: [] } as const;

export interface Client {
  /** Submits all in one call, where the contender has such a call. */
  submitBulk(payloads: readonly Payload[]): Promise<void>;
  submitOne(payload: Payload): Promise<void>;
  counts(): Promise<Counts>;
  /** Returns what is wrong with the money; only for contenders that have money. */
  audit?(): Promise<string[]>;
  close(): Promise<void>;
}

export interface Counts {
  /** Jobs that were submitted and have not finished. */
  readonly open: number;
  /** Jobs that have finished and are kept; undefined where finished jobs are deleted. */
  readonly succeeded: number | undefined;
}

/** What a worker calls, each once for each job. */
export interface Watch {
  /** Called by the job's code before anything else. */
  started(n: number): void;
  /** Called when the end of the job has been written. */
  settled(n: number): void;
}

export interface Worker {
  /** Begins to take jobs. Connections are open and code is loaded before that. */
  start(): Promise<void>;
  /** Takes no more jobs, and waits for those that run. */
  stop(): Promise<void>;
}

export interface HttpRequest {
  readonly authorization?: string;
  readonly body: unknown;
}

/** One queue, as the bench sees it. Each has a file of its own, which alone imports its library. */
export interface Contender {
  readonly title: string;
  /** The settings that it runs with, for RESULTS.md. */
  readonly settings: string;
  /** The document that recommends these settings. */
  readonly source: string;
  /**
   * The part of the usual number of jobs that it gets: less than 1 for a slow one, so that a run ends. Rates
   * stay comparable.
   */
  readonly share: number;
  /** How it lets customers take turns. Left out: it has no way to say that. */
  readonly fairness?: string;
  setUp(place: Place, purpose: Purpose, customers: number): Promise<Site>;
  openClient(site: Site): Promise<Client>;
  openWorker(site: Site, watch: Watch): Promise<Worker>;
  /** Opens an HTTP API of its own. Without it, the contender gets the plain route of `plain-api.ts`. */
  openApi?(site: Site): Promise<FastifyInstance>;
  /** Returns the body and the headers of `POST /jobs`. Without it, the body is the payload. */
  httpRequest?(site: Site, payload: Payload): HttpRequest;
}

export function payloads(first: number, count: number): Payload[] {
  return Array.from({ length: count }, (_, index) => ({ n: first + index }));
}
