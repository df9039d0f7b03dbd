import type { Place, Purpose, Site } from "./contender.ts";
import type { ContenderName } from "./contenders.ts";
import type { Options } from "./options.ts";
import { startRemote, type Remote } from "./processes/remote.ts";
import type { ClientMethods } from "./processes/client-process.ts";
import type { Servers } from "./servers/servers.ts";

/** What every measurement needs. */
export interface Bench {
  readonly servers: Servers;
  readonly options: Options;
  /** At the scale of this run; never less than `least`. */
  scaled(count: number, least: number): number;
}

/** A contender in its own database, and a process that submits to it. */
export interface Stage {
  readonly name: ContenderName;
  readonly place: Place;
  readonly site: Site;
  readonly client: Remote<ClientMethods>;
  tearDown(): Promise<void>;
}

interface StageOptions {
  readonly purpose?: Purpose;
  readonly customers?: number;
}

/** Customers of the contenders that have customers. */
export const CUSTOMERS = 100;

export function createBench(servers: Servers, options: Options): Bench {
  return {
    servers,
    options,
    scaled: (count, least) => Math.max(least, Math.round(count * options.scale)),
  };
}

export async function setStage(
  { servers }: Bench,
  name: ContenderName,
  { purpose = "throughput", customers = CUSTOMERS }: StageOptions = {},
): Promise<Stage> {
  const place = await servers.createPlace();
  const client = startRemote<ClientMethods>({ file: "client-process" });
  const site = await client.ask("setUp", name, place, purpose, customers);
  await client.ask("open");
  return {
    name,
    place,
    site,
    client,
    async tearDown() {
      await client.ask("close");
      await client.end();
      await servers.dropPlace(place);
    },
  };
}

export async function withStage<T>(
  bench: Bench,
  name: ContenderName,
  options: StageOptions,
  work: (stage: Stage) => Promise<T>,
): Promise<T> {
  const stage = await setStage(bench, name, options);
  const result = await work(stage);
  await stage.tearDown();
  return result;
}

/**
 * Throws, which fails the whole run: a rate of work that was not done, or was done twice, is worth nothing.
 */
export function insist(fact: boolean, what: string): void {
  if (!fact) throw new Error(what);
}

export async function insistOnCounts(
  { name, client }: Stage,
  expected: { open: number; succeeded: number },
): Promise<void> {
  const counts = await client.ask("counts");
  insist(counts.open === expected.open, `${name}: ${counts.open} jobs are open, not ${expected.open}`);
  insist(
    (counts.succeeded ?? expected.succeeded) === expected.succeeded,
    `${name}: ${counts.succeeded} jobs succeeded, not ${expected.succeeded}`,
  );
  const faults = await client.ask("audit");
  insist(faults.length === 0, `${name}: the audit is not clean: ${faults.join("; ")}`);
}
