import type { Client } from "pg";
import { beforeEach, expect, test } from "vitest";
import { connect } from "../../../test/support/sql.ts";
import { createTestPlatform, createCustomer } from "../../../test/support/test-platform.ts";
import type { OpenPlatform } from "../../bin/open-platform.ts";

let platform: OpenPlatform;
let client: Client;
let wallet: string;

beforeEach(async () => {
  const created = await createTestPlatform();
  platform = created.platform;
  client = await connect(created.databaseUrl);
  const customer_id = await createCustomer(platform, 100);
  for (const reference of ["a", "b"])
    await platform.wallets.topUp({ customer_id, amount_cents: 5, reference });
  const { rows } = await client.query<{ id: string }>("SELECT id FROM wallets");
  wallet = rows[0]?.id ?? "";
  await sealAll();
  await platform.wallets.topUp({ customer_id, amount_cents: 7, reference: "c" });
  await sealAll();
});

async function sealAll(): Promise<void> {
  let cursor: string | undefined;
  do cursor = await platform.seals.sealNext(cursor);
  while (cursor !== undefined);
}

/** As somebody would who owns the server: past every trigger and privilege. */
async function tamper(statement: string): Promise<void> {
  await client.query("BEGIN");
  await client.query("SET LOCAL session_replication_role = replica");
  await client.query(statement, [wallet]);
  await client.query("COMMIT");
}

test("new entries get one link each time, entries are sealed once, and the chain holds", async () => {
  const { rows } = await client.query(
    "SELECT first_seq::int, last_seq::int FROM wallet_seals WHERE wallet_id = $1 ORDER BY last_seq",
    [wallet],
  );
  expect(rows).toEqual([
    { first_seq: 1, last_seq: 3 },
    { first_seq: 4, last_seq: 4 },
  ]);
  const before = await platform.seals.verify();
  await sealAll();
  expect(await platform.seals.verify()).toEqual(before);
  expect(before.row.broken).toBe(0);
});

test.each([
  ["an entry's amount", "UPDATE wallet_entries SET amount_cents = 6 WHERE wallet_id = $1 AND seq = 2"],
  ["an entry's reason", "UPDATE wallet_entries SET reason = 'x' WHERE wallet_id = $1 AND seq = 2"],
  ["an entry that was taken out", "DELETE FROM wallet_entries WHERE wallet_id = $1 AND seq = 4"],
  ["a link that was taken out", "DELETE FROM wallet_seals WHERE wallet_id = $1 AND last_seq = 3"],
  [
    "a link that was rewritten",
    "UPDATE wallet_seals SET hash = sha256('x') WHERE wallet_id = $1 AND last_seq = 3",
  ],
])("%s is found", async (_what, statement) => {
  await tamper(statement);
  expect((await platform.seals.verify()).row.broken).toBeGreaterThan(0);
});

test("the digest of the first links stays the same, whatever comes after", async () => {
  const { digest, links } = await platform.seals.verify();
  await createCustomer(platform, 1);
  await sealAll();
  const all = await platform.seals.verify();
  expect([all.links, all.digest === digest]).toEqual([links + 1, false]);
  expect(await platform.seals.verify(links)).toMatchObject({ digest, links });
});

test("links that were cut off are missed by who noted their number", async () => {
  const { links } = await platform.seals.verify();
  await tamper("DELETE FROM wallet_seals WHERE wallet_id = $1 AND last_seq = 4");
  expect((await platform.seals.verify()).row.broken).toBe(0);
  expect((await platform.seals.verify(links)).row).toMatchObject({
    broken: 1,
    example: "link 2 is missing: there are 1",
  });
});

test("history that was rewritten with its links still has another digest", async () => {
  const { digest } = await platform.seals.verify();
  await tamper("UPDATE wallet_entries SET reason = 'forged' WHERE wallet_id = $1 AND seq = 4");
  await tamper(
    `UPDATE wallet_seals s SET hash = hash_entries(s.wallet_id, 4, 4, (SELECT hash FROM wallet_seals b WHERE b.wallet_id = s.wallet_id AND b.last_seq = 3))
      WHERE s.wallet_id = $1 AND s.last_seq = 4`,
  );
  expect((await platform.seals.verify()).digest).not.toBe(digest);
});

test("a wallet with more than a call may seal is sealed link by link, and none is passed over", async () => {
  const customer_id = await createCustomer(platform, 1);
  for (let n = 0; n < 6; n += 1)
    await platform.wallets.topUp({ customer_id, amount_cents: 1, reference: `more ${n}` });
  await createCustomer(platform, 1);
  const sealTwo = async (after: string | null): Promise<string | null> => {
    const { rows } = await client.query<{ cursor: string | null }>(
      "SELECT seal_wallets(200, 2, $1) AS cursor",
      [after],
    );
    return rows[0]?.cursor ?? null;
  };
  let calls = 0;
  let cursor: string | null = null;
  do {
    cursor = await sealTwo(cursor);
    calls += 1;
  } while (cursor !== null);
  expect(calls).toBeGreaterThan(3);
  const unsealed = await client.query(
    "SELECT w.id FROM wallets w WHERE w.last_entry_seq <> (SELECT max(s.last_seq) FROM wallet_seals s WHERE s.wallet_id = w.id)",
  );
  expect(unsealed.rows).toEqual([]);
  expect((await platform.seals.verify()).row.broken).toBe(0);
});

test("two processes at once seal each entry once", async () => {
  const customer_id = await createCustomer(platform, 1);
  await Promise.all(Array.from({ length: 5 }, () => sealAll()));
  const { rows } = await client.query(
    "SELECT s.first_seq::int, s.last_seq::int FROM wallet_seals s JOIN wallets w ON w.id = s.wallet_id WHERE w.customer_id = $1",
    [customer_id],
  );
  expect(rows).toEqual([{ first_seq: 1, last_seq: 1 }]);
});
