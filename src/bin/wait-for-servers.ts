import { setTimeout as wait } from "node:timers/promises";
import { PlatformError } from "../core/lib/errors.ts";
import { OperatorError } from "../core/lib/operator-error.ts";
import { CLOCK_TOLERANCE_MS } from "../core/model/limits.ts";
import { describeAhead } from "../core/lib/describe-ahead.ts";
import type { Platform } from "../core/use-cases/platform.ts";
import { VERSION } from "../core/lib/version.ts";
import type { SchemaState } from "../core/model/migration.ts";
import { explainRefusal } from "../postgres/connection/explain-refusal.ts";
import { MigrationError } from "../postgres/connection/migration-error.ts";
import { migrateUp, readSchemaState } from "../postgres/connection/migrator.ts";
import { databaseClock } from "../core/lib/database-clock.ts";
import { databaseAddress } from "../postgres/connection/database-address.ts";
import { SessionError } from "../postgres/connection/session-error.ts";
import type { Config } from "./config.ts";

const WAIT_MS = 30_000;
const RETRY_MS = 500;

/** The database that this process needs did not come within 30 s. */
export class ServersAwayError extends OperatorError {
  constructor(message: string) {
    super("unavailable", message);
  }
}

type ServerConfig = Pick<Config, "DATABASE_DIRECT_URL"> & { DATABASE_URL: string };

interface WaitOptions {
  readonly say: (line: string) => void;
  /**
   * Bring the schema up to date instead of waiting for somebody to do it. What a newer release left stays as
   * it is, but in a database that is `own`: this checkout's alone.
   */
  readonly migrate?: "own" | "shared" | undefined;
}

/**
 * Waits until PostgreSQL responds and has the schema of this version, and says at once what it waits for.
 * Throws a `ServersAwayError` after 30 s. Redis, where one is configured, is not waited for: jobs run without
 * it, and it joins when it is there.
 */
export async function waitForServers(
  platform: Platform,
  config: ServerConfig,
  { say, migrate }: WaitOptions,
): Promise<void> {
  const joined = platform.readyQueue.join();
  const deadline = performance.now() + WAIT_MS;
  const said = new Set<string>();
  const once = (line: string): void => {
    if (!said.has(line)) say(line);
    said.add(line);
  };
  for (;;) {
    const fault = await databaseFault(platform, config, { migrate, say: once });
    if (fault === undefined) break;
    if (performance.now() > deadline) throw new ServersAwayError(`${fault} Gave up after 30 s.`);
    once(`${fault} Trying for 30 s.`);
    await wait(RETRY_MS);
  }
  warnAboutClock(say);
  await joined;
}

async function databaseFault(
  platform: Platform,
  config: ServerConfig,
  { migrate, say }: WaitOptions,
): Promise<string | undefined> {
  try {
    await platform.ping();
    const url = config.DATABASE_DIRECT_URL ?? config.DATABASE_URL;
    let state = await readSchemaState(url);
    if (migrate === "own" || (migrate === "shared" && !isNewer(state))) {
      await migrateUp(url, undefined, { say });
      state = await readSchemaState(url);
    }
    const { migrations, functions } = state;
    if (migrations.length + functions.length > 0)
      return `The database ${databaseAddress(config.DATABASE_URL)} lacks ${migrations.length} migrations and ${functions.length} functions of this version: run \`npx iep migrate up\`.`;
    if (isNewer(state)) say(newerWarning(state));
    return undefined;
  } catch (error) {
    // The server is there; what is wrong with the schema does not mend itself.
    if (error instanceof MigrationError) throw error;
    if (error instanceof PlatformError && error.cause instanceof SessionError) throw error.cause;
    const refusal = explainRefusal(error);
    const server = `PostgreSQL at ${databaseAddress(config.DATABASE_URL)} (DATABASE_URL)`;
    return refusal
      ? `${server} ${refusal.found}. To mend it: ${refusal.way_out}.`
      : `${server} cannot be used: ${reason(error)}.`;
  }
}

function isNewer({ newerMigrations, newerFunctions }: SchemaState): boolean {
  return newerMigrations.length + newerFunctions.length > 0;
}

function newerWarning({ newerMigrations, newerFunctions }: SchemaState): string {
  const what = [
    ...(newerMigrations.length > 0
      ? [`migrations that this release does not have (${newerMigrations.join(", ")})`]
      : []),
    ...(newerFunctions.length > 0 ? [`newer forms of ${newerFunctions.join(", ")}`] : []),
  ];
  return (
    `The database has ${what.join(" and ")}: a newer release than ${VERSION} was here. This one works beside it. ` +
    "Start the newer one soon; to go back, read docs/upgrading.md."
  );
}

/** Nothing waits for it: times are the database's. Whoever reads the log of this host must know. */
function warnAboutClock(say: (line: string) => void): void {
  const ahead_ms = databaseClock.hostAheadMs() ?? 0;
  if (Math.abs(ahead_ms) > CLOCK_TOLERANCE_MS)
    say(
      `The clock of this host is ${describeAhead(ahead_ms)} that of the database. Jobs have the database's time; ` +
        "set this clock (NTP), by which the log is dated.",
    );
}

function reason(error: unknown): string {
  const cause = error instanceof PlatformError ? error.cause : error;
  if (cause instanceof AggregateError) return reason(cause.errors[0]);
  return cause instanceof Error ? cause.message.replace(/\.$/, "") : String(cause);
}
