import { setTimeout as wait } from "node:timers/promises";
import { v7 as uuidv7 } from "uuid";
import { beforeEach, describe, expect, test } from "vitest";
import { createTestDatabase } from "../../../test/support/database.ts";
import { runSql } from "../../../test/support/sql.ts";
import { createCustomer, createTestPlatform } from "../../../test/support/test-platform.ts";
import { waitFor } from "../../../test/support/wait-for.ts";
import { atTheEnd } from "../../../test/support/cleanup.ts";
import type { OpenPlatform } from "../../bin/open-platform.ts";
import { createApiKey, hashApiKey } from "../../core/model/api-key.ts";
import { UNKNOWN_KEYS_CACHED_MAX } from "../../core/model/limits.ts";
import { createCustomerKeys, type CustomerKeys } from "../../core/use-cases/customer-keys.ts";
import { createDatabase } from "../connection/database.ts";
import { openPool, REQUEST_LIMITS } from "../connection/pool.ts";
import { createKeyChanges } from "./key-changes.ts";
import { createListener } from "./listener.ts";

// A process (`theirs`) caches the owner of a key; something else changes it. Whatever happens to LISTEN, the
// change is known within a second.

const PROMISED_MS = 1_000;

let databaseUrl: string;
let ours: OpenPlatform;
let customer_id: string;
let key_id: string;
let hash: string;
/** Look-ups in the database by `theirs`. */
let lookUps: number;

beforeEach(async () => {
  ({ platform: ours, databaseUrl } = await createTestPlatform());
  customer_id = await createCustomer(ours);
  const { api_key: _key, ...key } = createApiKey();
  key_id = uuidv7();
  hash = key.key_hash;
  await ours.customers.addApiKey({ ...key, id: key_id, customer_id, name: null });
  lookUps = 0;
});

/** As another process has it. `deaf`: its LISTEN succeeds, and nothing ever comes, as through a pooler. */
async function openTheirs({ deaf = false } = {}): Promise<CustomerKeys> {
  const pool = openPool({ url: databaseUrl, size: 3, name: "theirs", limits: REQUEST_LIMITS });
  atTheEnd(() => pool.end());
  const listener = createListener(deaf ? (await createTestDatabase()).url : databaseUrl);
  const changes = createKeyChanges(createDatabase(pool), listener);
  atTheEnd(async () => (changes.close(), await listener.close()));
  return createCustomerKeys(
    {
      findByApiKeys(hashes) {
        lookUps += 1;
        return ours.customers.findByApiKeys(hashes);
      },
    },
    changes,
  );
}

/** What a request does. */
async function ask(keys: CustomerKeys) {
  return keys.peek(hash) ?? (await keys.find(hash));
}

/** In use, and trusted without being read again. */
async function inUse(keys: CustomerKeys): Promise<void> {
  await ask(keys);
  for (let n = 0; n < 20; n += 1) {
    await wait(50);
    expect(await ask(keys)).toMatchObject({ id: customer_id, active: true });
  }
}

async function msUntil(keys: CustomerKeys, fact: (answer: Awaited<ReturnType<typeof ask>>) => boolean) {
  const started_at = performance.now();
  await waitFor(async () => fact(await ask(keys)), { describe: "the change to be known" });
  return performance.now() - started_at;
}

const changes: { what: string; make: () => Promise<unknown>; known: (active?: boolean) => boolean }[] = [
  {
    what: "a key is revoked",
    make: () => ours.customers.revokeApiKey(customer_id, key_id),
    known: (active) => active === undefined,
  },
  {
    what: "a customer is made inactive",
    make: () => ours.customers.update(customer_id, { active: false }),
    known: (active) => active === false,
  },
  {
    what: "a key is revoked by hand",
    make: () => runSql(databaseUrl, "UPDATE api_keys SET revoked_at = now()"),
    known: (active) => active === undefined,
  },
  {
    what: "a key is deleted by hand",
    make: () => runSql(databaseUrl, "DELETE FROM api_keys"),
    known: (active) => active === undefined,
  },
];

describe.each(changes)("$what", ({ make, known }) => {
  test("is known in another process within a second, mostly at once", async () => {
    const keys = await openTheirs();
    await inUse(keys);
    await make();
    expect(await msUntil(keys, (customer) => known(customer?.active))).toBeLessThan(PROMISED_MS);
  });

  test("also where LISTEN hears nothing", async () => {
    const keys = await openTheirs({ deaf: true });
    await inUse(keys);
    await make();
    expect(await msUntil(keys, (customer) => known(customer?.active))).toBeLessThan(PROMISED_MS);
  });

  test("also while LISTEN's connection is killed all the time", async () => {
    const keys = await openTheirs();
    await inUse(keys);
    const killing = new AbortController();
    const killed = killListeners(killing.signal);
    await waitFor(() => killed.count > 0, { describe: "a kill" });
    await make();
    const known_ms = await msUntil(keys, (customer) => known(customer?.active));
    killing.abort();
    await killed.done;
    expect(known_ms).toBeLessThan(PROMISED_MS);
  });
});

test("a key in use costs no look-up while changes are heard, and one now and then while they are not", async () => {
  const heard = await openTheirs();
  await inUse(heard);
  expect(lookUps).toBeLessThanOrEqual(3);
  lookUps = 0;
  const deaf = await openTheirs({ deaf: true });
  await inUse(deaf);
  expect(lookUps).toBeGreaterThan(1);
  expect(lookUps).toBeLessThanOrEqual(6);
});

test("a flood of unknown keys asks once each, and evicts no key that has an owner", async () => {
  const keys = await openTheirs();
  await inUse(keys);
  const flood = Array.from({ length: UNKNOWN_KEYS_CACHED_MAX * 2 }, (_, n) => hashApiKey(`iep_${n}`));
  expect((await Promise.all(flood.map((one) => keys.find(one)))).filter(Boolean)).toEqual([]);
  expect(keys.peek(hash)).toMatchObject({ id: customer_id });
  lookUps = 0;
  const [last = ""] = flood.slice(-1);
  expect(await keys.find(last)).toBeUndefined();
  expect(lookUps).toBe(0);
});

test("what was read before a change and arrives after it is not cached", async () => {
  let release = (): void => undefined;
  const held = new Promise<void>((resolve) => (release = resolve));
  const stale = ours.customers.findByApiKeys([hash]);
  const silent = { watch: () => undefined, proved_at: Infinity, keepProving: () => undefined };
  const keys = createCustomerKeys(
    { findByApiKeys: async () => (await held, await stale) },
    { ...silent, close: () => undefined },
  );
  const asked = keys.find(hash);
  await stale;
  keys.forget(customer_id);
  release();
  expect(await asked).toMatchObject({ id: customer_id });
  expect(keys.peek(hash)).toBeUndefined();
});

function killListeners(signal: AbortSignal) {
  const killed = { count: 0, done: Promise.resolve() };
  killed.done = (async () => {
    while (!signal.aborted) {
      await runSql(
        databaseUrl,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'iep listen' AND datname = current_database()",
      );
      killed.count += 1;
    }
  })();
  return killed;
}
