import { pino } from "pino";
import { v7 as uuidv7 } from "uuid";
import { openPlatform, type OpenPlatform } from "../../src/bin/open-platform.ts";
import type { NewJobType } from "../../src/core/model/job-type.ts";
import { atTheEnd } from "./cleanup.ts";
import { createTestDatabase } from "./database.ts";

interface TestPlatformOptions {
  /** Left out: a database of its own. */
  readonly databaseUrl?: string;
  /** Left out: the ready queue is PostgreSQL's. */
  readonly redis?: { readonly url: string; readonly prefix: string };
  readonly poolSize?: number;
  /** Whether endpoints of webhooks may be on this machine. */
  readonly webhookAllowPrivate?: boolean;
}

export interface TestPlatform {
  readonly platform: OpenPlatform;
  readonly databaseUrl: string;
  close(): Promise<void>;
}

/**
 * The platform as the processes put it together, on a real database; closed at the end of the test or of the
 * file.
 */
export async function createTestPlatform(options: TestPlatformOptions = {}): Promise<TestPlatform> {
  const databaseUrl = options.databaseUrl ?? (await createTestDatabase()).url;
  const platform = openPlatform(
    {
      DATABASE_URL: databaseUrl,
      REDIS_URL: options.redis?.url,
      QUEUE_KEY_PREFIX: options.redis?.prefix ?? "jobs",
      DATABASE_POOL_SIZE: options.poolSize ?? 10,
      WEBHOOK_ALLOW_PRIVATE: options.webhookAllowPrivate,
    },
    "test",
    pino({ level: "silent" }),
  );
  let closed: Promise<void> | undefined;
  const close = (): Promise<void> => (closed ??= platform.close());
  atTheEnd(close);
  return { platform, databaseUrl, close };
}

/** A customer with money; answers its id. */
export async function createCustomer(platform: OpenPlatform, amount_cents = 1_000_000): Promise<string> {
  const id = uuidv7();
  await platform.customers.create({ id, name: "Test customer", email: "test@example.com", currency: "EUR" });
  if (amount_cents > 0) await platform.wallets.topUp({ customer_id: id, amount_cents, reference: "start" });
  return id;
}

/** A job type, of the processor `echo` at 10 cents unless said otherwise; answers its id. */
export async function createJobType(
  platform: OpenPlatform,
  options: Partial<NewJobType> = {},
): Promise<string> {
  const id = uuidv7();
  await platform.jobTypes.create({
    id,
    name: `Type ${id}`,
    processing_logic_id: "echo",
    standard_cost_cents: 10,
    ...options,
  });
  return id;
}

/** A registered runner, which alone may claim; answers its id. */
export async function createRunner(platform: OpenPlatform): Promise<string> {
  const id = uuidv7();
  await platform.runners.register({ id, host: "test", version: "test", slots: 1 });
  return id;
}

/** The promises that are broken now: empty when all hold. */
export async function brokenPromises(platform: OpenPlatform): Promise<string[]> {
  return (await platform.audit())
    .filter((row) => row.broken > 0)
    .map((row) => `${row.promise}: ${row.broken} (${row.example})`);
}
