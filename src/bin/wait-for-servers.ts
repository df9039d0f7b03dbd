import { setTimeout as wait } from "node:timers/promises";
import { PlatformError } from "../core/lib/errors.ts";
import { OperatorError } from "../core/lib/operator-error.ts";
import type { Platform } from "../core/use-cases/platform.ts";
import { MigrationError } from "../postgres/connection/migration-error.ts";
import { migrateUp, pendingChanges } from "../postgres/connection/migrator.ts";

const WAIT_MS = 30_000;
const RETRY_MS = 500;

/** The database that this process needs did not come within 30 s. */
export class ServersAwayError extends OperatorError {
  constructor(message: string) {
    super("unavailable", message);
  }
}

interface ServerConfig {
  readonly DATABASE_URL: string;
}

interface WaitOptions {
  readonly say: (line: string) => void;
  /** Bring the schema up to date instead of waiting for somebody to do it. */
  readonly migrate?: boolean;
}

/**
 * Waits until PostgreSQL responds and has the schema of this version, and says at once what it waits for.
 * Throws a `ServersAwayError` after 30 s. Redis, where one is configured, is not waited for: jobs run without
 * it, and it joins when it is there.
 */
export async function waitForServers(
  platform: Platform,
  config: ServerConfig,
  { say, migrate = false }: WaitOptions,
): Promise<void> {
  const joined = platform.readyQueue.join();
  const deadline = performance.now() + WAIT_MS;
  const said = new Set<string>();
  for (;;) {
    const fault = await databaseFault(platform, config, migrate);
    if (fault === undefined) return await joined;
    if (performance.now() > deadline) throw new ServersAwayError(`${fault} Gave up after 30 s.`);
    if (!said.has(fault)) say(`${fault} Trying for 30 s.`);
    said.add(fault);
    await wait(RETRY_MS);
  }
}

async function databaseFault(
  platform: Platform,
  config: ServerConfig,
  migrate: boolean,
): Promise<string | undefined> {
  try {
    await platform.ping();
    if (migrate) await migrateUp(config.DATABASE_URL);
    const { migrations, functions } = await pendingChanges(config.DATABASE_URL);
    return migrations.length + functions.length === 0
      ? undefined
      : `The database ${withoutSecret(config.DATABASE_URL)} lacks ${migrations.length} migrations and ${functions.length} functions of this version: run \`npx iep migrate up\`.`;
  } catch (error) {
    // The server is there; what is wrong with the schema does not mend itself.
    if (error instanceof MigrationError) throw error;
    return `PostgreSQL at ${withoutSecret(config.DATABASE_URL)} (DATABASE_URL) does not answer: ${reason(error)}.`;
  }
}

/** A URL as it may be shown: without the password. */
export function withoutSecret(text: string): string {
  const url = new URL(text);
  if (url.password !== "") url.password = "***";
  return url.href;
}

function reason(error: unknown): string {
  const cause = error instanceof PlatformError ? error.cause : error;
  if (cause instanceof AggregateError) return reason(cause.errors[0]);
  return cause instanceof Error ? cause.message.replace(/\.$/, "") : String(cause);
}
