import { v7 as uuidv7 } from "uuid";
import { beforeAll, expect, test } from "vitest";
import { connect } from "../../../test/support/sql.ts";
import { createCustomer, createTestPlatform } from "../../../test/support/test-platform.ts";
import type { OpenPlatform } from "../../bin/open-platform.ts";
import { createApiKey } from "../../core/model/api-key.ts";

let platform: OpenPlatform;
let databaseUrl: string;

beforeAll(async () => {
  ({ platform, databaseUrl } = await createTestPlatform());
});

test("a customer has a wallet from the first moment", async () => {
  const id = uuidv7();
  const customer = await platform.customers.create({
    id,
    name: "Ada",
    email: "ada@example.com",
    currency: "USD",
  });
  expect(customer).toMatchObject({ id, name: "Ada", active: true });
  expect(customer.created_at).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/);
  expect(await platform.wallets.findByCustomerId(id)).toMatchObject({
    customer_id: id,
    currency: "USD",
    current_balance_cents: 0,
  });
});

test("a key finds its owner until it is revoked; a batch returns owners in the order given", async () => {
  const id = await createCustomer(platform);
  const [first, second] = [createApiKey(), createApiKey()];
  const kept = await addKey(id, first);
  await addKey(id, second);
  expect(await platform.customers.findByApiKey(first.key_hash)).toMatchObject({ id });
  const owners = await platform.customers.findByApiKeys([
    second.key_hash,
    "sha256:unknown",
    first.key_hash,
    second.key_hash,
  ]);
  expect(owners.map((owner) => owner?.id)).toEqual([id, undefined, id, id]);

  expect(await platform.customers.revokeApiKey(id, kept.id)).toBe(true);
  expect(await platform.customers.findByApiKey(first.key_hash)).toBeUndefined();
  expect(await platform.customers.findByApiKey(second.key_hash)).toMatchObject({ id });
});

test("the look-up of keys is a query that the planner sees through, by their index", async () => {
  const client = await connect(databaseUrl);
  await client.query("SET enable_seqscan = off");
  const { rows } = await client.query<{ "QUERY PLAN": string }>(
    "EXPLAIN SELECT * FROM find_key_holders('{a,b}')",
  );
  const plan = rows.map((row) => row["QUERY PLAN"]).join("\n");
  expect(plan).toContain("api_keys_key_hash_key");
  expect(plan).not.toContain("Function Scan");
});

test("the use of a key is noted, and not again within the minute", async () => {
  const id = await createCustomer(platform);
  const key = createApiKey();
  await addKey(id, key);
  expect(await platform.customers.listApiKeys(id)).toMatchObject([
    { last_used_at: null, prefix: key.prefix },
  ]);
  await platform.customers.findByApiKey(key.key_hash);
  const used = await platform.customers.listApiKeys(id);
  expect(used[0]?.last_used_at).not.toBeNull();
  await platform.customers.findByApiKey(key.key_hash);
  expect(await platform.customers.listApiKeys(id)).toEqual(used);
});

test("a key is revoked only for its own customer", async () => {
  const [owner, other] = [await createCustomer(platform), await createCustomer(platform)];
  const key = createApiKey();
  const { id } = await addKey(owner, key);
  expect(await platform.customers.revokeApiKey(other, id)).toBe(false);
  expect(await platform.customers.findByApiKey(key.key_hash)).toMatchObject({ id: owner });
});

test("a key for nobody is refused", async () => {
  await expect(addKey(uuidv7(), createApiKey())).rejects.toMatchObject({ code: "not_found" });
});

test("changes touch only what they name", async () => {
  const id = await createCustomer(platform);
  expect(await platform.customers.update(id, { active: false })).toMatchObject({
    name: "Test customer",
    active: false,
  });
  const before = await platform.customers.findById(id);
  const after = await platform.customers.update(id, { name: "New" });
  expect(after).toMatchObject({ name: "New", active: false, created_at: before?.created_at });
  expect(String(after?.updated_at) > String(before?.updated_at)).toBe(true);
  expect(await platform.customers.update(uuidv7(), { name: "New" })).toBeUndefined();
});

test("customers are listed newest first, a page at a time", async () => {
  const ids = [
    await createCustomer(platform),
    await createCustomer(platform),
    await createCustomer(platform),
  ];
  const first = await platform.customers.list({ limit: 2 });
  const second = await platform.customers.list({ limit: 1, before: first[1]?.id });
  expect([...first, ...second].map(({ id }) => id)).toEqual(ids.toReversed());
});

async function addKey(customer_id: string, key: ReturnType<typeof createApiKey>) {
  const { api_key: _shownOnce, ...stored } = key;
  return await platform.customers.addApiKey({ ...stored, id: uuidv7(), customer_id, name: "test" });
}
