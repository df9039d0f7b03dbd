import { setTimeout as wait } from "node:timers/promises";
import { now } from "../clock.ts";
import { payloads, type Client, type Counts, type Place, type Purpose, type Site } from "../contender.ts";
import { loadContender, type ContenderName } from "../contenders.ts";
import { sendAll, type HttpLoad } from "../http-load.ts";
import { serve } from "./rpc.ts";

// The process that submits: the same code for every contender, a new process for every measurement.

export interface BulkOptions {
  readonly first: number;
  readonly count: number;
  /** Jobs that one call submits. */
  readonly batch: number;
  /** Calls that are under way at the same time. */
  readonly callers: number;
}

export interface PacedOptions {
  readonly first: number;
  readonly count: number;
  readonly rate_per_second: number;
}

export interface FloodOptions {
  readonly flood: number;
  readonly others: number;
  /** How long each job lasts. */
  readonly ms: number;
}

const FLOOD_BATCH = 1_000;
/** Timers of Node have a resolution of a millisecond. */
const TICK_MS = 1;

let name: ContenderName | undefined;
let site: Site | undefined;
let client: Client | undefined;

const methods = {
  async setUp(contender: ContenderName, place: Place, purpose: Purpose, customers: number): Promise<Site> {
    name = contender;
    site = await (await loadContender(contender)).setUp(place, purpose, customers);
    return site;
  },
  async open(): Promise<void> {
    if (!name || !site) throw new Error("setUp comes first");
    client = await (await loadContender(name)).openClient(site);
  },
  /** Returns how long it took, in milliseconds. */
  async submitBulk({ first, count, batch, callers }: BulkOptions): Promise<number> {
    const target = opened();
    const started_at = now();
    let next = first;
    const end = first + count;
    const caller = async (): Promise<void> => {
      while (next < end) {
        const begin = next;
        next = Math.min(end, begin + batch);
        await target.submitBulk(payloads(begin, next - begin));
      }
    };
    await Promise.all(Array.from({ length: callers }, caller));
    return now() - started_at;
  },
  /**
   * Submits jobs one by one at a fixed rate, and waits for no result in between. Returns when each call was
   * made, in order.
   */
  async submitPaced({ first, count, rate_per_second }: PacedOptions): Promise<Float64Array> {
    const target = opened();
    const called_at = new Float64Array(count);
    const answers: Promise<void>[] = [];
    const begin = now();
    while (answers.length < count) {
      const due = Math.min(count, Math.floor(((now() - begin) / 1_000) * rate_per_second) + 1);
      while (answers.length < due) {
        const index = answers.length;
        called_at[index] = now();
        answers.push(target.submitOne({ n: first + index }));
      }
      await wait(TICK_MS);
    }
    await Promise.all(answers);
    return called_at;
  },
  /** One customer submits many jobs, and then each of others one. Returns when each of those calls was made. */
  async submitFlood({ flood, others, ms }: FloodOptions): Promise<Float64Array> {
    const target = opened();
    for (let first = 0; first < flood; first += FLOOD_BATCH)
      await target.submitBulk(
        payloads(first, Math.min(FLOOD_BATCH, flood - first)).map(({ n }) => ({ n, ms, customer: 0 })),
      );
    const called_at = new Float64Array(others);
    await Promise.all(
      payloads(0, others).map(async ({ n }) => {
        called_at[n] = now();
        await target.submitOne({ n: flood + n, ms, customer: n + 1 });
      }),
    );
    return called_at;
  },
  /** Returns how long it took, in milliseconds. */
  async submitOverHttp(load: HttpLoad): Promise<number> {
    if (!name || !site) throw new Error("setUp comes first");
    const contender = await loadContender(name);
    const at = site;
    return await sendAll(load, (n) => contender.httpRequest?.(at, { n }) ?? { body: { n } });
  },
  async counts(): Promise<Counts> {
    return await opened().counts();
  },
  async audit(): Promise<string[]> {
    return (await opened().audit?.()) ?? [];
  },
  async close(): Promise<void> {
    await client?.close();
    client = undefined;
  },
};
export type ClientMethods = typeof methods;
serve(methods);

function opened(): Client {
  if (!client) throw new Error("open comes first");
  return client;
}
