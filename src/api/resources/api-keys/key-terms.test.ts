import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { runSql } from "../../../../test/support/sql.ts";
import { createCustomer } from "../../../../test/support/test-platform.ts";
import { waitFor } from "../../../../test/support/wait-for.ts";
import { createTestApi, type TestApi } from "../../test-api.ts";

// What a key may do is in needed-scopes.test.ts, for every route. Here: until when it may, and what takes its
// place.

let api: TestApi;
let id: string;
let path: string;
beforeAll(async () => {
  api = await createTestApi();
});
beforeEach(async () => {
  id = await createCustomer(api.platform);
  path = `/customers/${id}/api-keys`;
});

const inSeconds = (seconds: number) => new Date(Date.now() + seconds * 1_000).toISOString();
const create = async (body: object, key?: string) =>
  (await api.ask("POST", path, key === undefined ? { body } : { body, key })).body;
const statusOf = async (key: string) => (await api.ask("GET", "/me", { key })).status;

describe("expiry", () => {
  test("a key in use, which is cached, is refused from that moment on", async () => {
    const expires_at = inSeconds(3);
    const { api_key: key } = await create({ expires_at });
    const served_at: number[] = [];
    const refused = await waitFor(async () => {
      const asked_at = Date.now();
      const answer = await api.ask("GET", "/me", { key });
      if (answer.status === 401) return answer;
      served_at.push(asked_at);
      return false;
    });
    expect(served_at.length).toBeGreaterThan(1);
    // Nothing that was asked after that moment was served, to the length of the look-up before it.
    expect(Math.max(...served_at)).toBeLessThanOrEqual(Date.parse(expires_at));
    expect(Date.now()).toBeGreaterThanOrEqual(Date.parse(expires_at) - 200);
    expect(refused.body).toMatchObject({
      code: "invalid_api_key",
      detail: expect.stringContaining("has expired"),
    });
    expect((await api.ask("GET", path)).body.data[0]).toMatchObject({ revoked_at: null });
  });

  test("a session ends with its key", async () => {
    const { api_key } = await create({ expires_at: inSeconds(3) });
    const signedIn = await api.ask("POST", "/session", { key: null, body: { api_key } });
    const headers = { cookie: String(signedIn.headers["set-cookie"]).split(";")[0] ?? "" };
    const read = async () => (await api.ask("GET", "/me", { key: null, headers })).status;
    expect(await read()).toBe(200);
    await waitFor(async () => (await read()) === 401);
    // No earlier than the key, but for the length of a look-up.
    const signIn = () => api.ask("POST", "/session", { key: null, body: { api_key } });
    await waitFor(async () => (await signIn()).status === 401, { timeoutMs: 1_000 });
  });

  test("an end that is moved is known at once", async () => {
    const { api_key } = await create({ expires_at: inSeconds(3_600) });
    expect(await statusOf(api_key)).toBe(200);
    await runSql(api.databaseUrl, `UPDATE api_keys SET expires_at = now() WHERE customer_id = '${id}'`);
    await waitFor(async () => (await statusOf(api_key)) === 401, { timeoutMs: 1_000 });
  });

  test.each([
    ["2020-01-01T00:00:00Z", "must be in the future"],
    ["tomorrow", "must be a time such as"],
  ])("an end of %s is refused", async (expires_at, message) => {
    const { status, body } = await api.ask("POST", path, { body: { expires_at } });
    expect([status, body.errors]).toEqual([
      422,
      [{ pointer: "/expires_at", message: expect.stringContaining(message) }],
    ]);
  });

  test("a key creates none that outlives it", async () => {
    const expires_at = inSeconds(3_600);
    const { api_key: key, id: key_id } = await create({ expires_at });
    const later = await api.ask("POST", path, { key, body: { expires_at: inSeconds(7_200) } });
    const never = await api.ask("POST", path, { key, body: { expires_at: null } });
    const rolled = await api.ask("POST", `${path}/${key_id}/roll`, { key, body: { expires_at: null } });
    for (const { status, body } of [later, never, rolled])
      expect([status, body.errors?.[0].message]).toEqual([
        422,
        expect.stringContaining("must be no later than"),
      ]);
    await create({}, key);
    const { data } = (await api.ask("GET", path)).body;
    expect(data.map((one: { expires_at: string }) => Date.parse(one.expires_at))).toEqual([
      Date.parse(expires_at),
      Date.parse(expires_at),
    ]);
    // Nor through another one that it rolls.
    const forever = await create({});
    const { body } = await api.ask("POST", `${path}/${forever.id}/roll`, { key, body: {} });
    expect(Date.parse(body.expires_at)).toBe(Date.parse(expires_at));
  });

  test("keys that have expired leave room for others", async () => {
    await runSql(
      api.databaseUrl,
      `INSERT INTO api_keys (id, customer_id, prefix, key_hash, expires_at)
       SELECT gen_random_uuid(), '${id}', 'iep_', 'sha256:' || encode(sha256((n || '${id}')::bytea), 'hex'), now()
         FROM generate_series(1, 100) n`,
    );
    expect((await api.ask("POST", path)).status).toBe(201);
  });
});

test.each([
  [[], "must have at least 1 item"],
  [["jobs:read", "jobs:read"], "must name each scope once"],
  [["jobs"], "must be one of"],
  ["jobs:read", "must be an array"],
])("scopes of %j are refused", async (scopes, message) => {
  const { status, body } = await api.ask("POST", path, { body: { scopes } });
  expect([status, body.errors[0]]).toEqual([
    422,
    { pointer: expect.stringMatching(/^\/scopes/), message: expect.stringContaining(message) },
  ]);
});

describe("rolling", () => {
  test("the old key stays valid for the overlap, and the new one may do the same", async () => {
    const old = await create({ name: "reports", scopes: ["jobs:read"] });
    const { status, body, headers } = await api.ask("POST", `${path}/${old.id}/roll`, {
      body: { overlap_seconds: 1 },
    });
    expect([status, headers["cache-control"]]).toEqual([201, "no-store"]);
    expect(body).toMatchObject({ expires_at: null, replaced: { id: old.id } });
    expect([await statusOf(old.api_key), await statusOf(body.api_key)]).toEqual([200, 200]);
    expect((await api.ask("GET", "/me", { key: body.api_key })).body.api_key).toMatchObject({
      id: body.id,
      name: "reports",
      scopes: ["jobs:read"],
    });
    await waitFor(async () => (await statusOf(old.api_key)) === 401);
    expect(Date.now()).toBeGreaterThanOrEqual(Date.parse(body.replaced.expires_at));
    expect(await statusOf(body.api_key)).toBe(200);
  });

  test("without a body: a day, and never beyond the end that the old one had", async () => {
    const old = await create({});
    const rolled = (await api.ask("POST", `${path}/${old.id}/roll`)).body;
    expect((Date.parse(rolled.replaced.expires_at) - Date.now()) / 3_600_000).toBeCloseTo(24, 1);
    const expires_at = inSeconds(60);
    const short = await create({ expires_at });
    const { body } = await api.ask("POST", `${path}/${short.id}/roll`, { body: { overlap_seconds: 3_600 } });
    expect(Date.parse(body.replaced.expires_at)).toBe(Date.parse(expires_at));
    expect(Date.parse(body.expires_at)).toBe(Date.parse(expires_at));
  });

  test("without an overlap the old key ends at once", async () => {
    const old = await create({});
    expect(await statusOf(old.api_key)).toBe(200);
    const { body } = await api.ask("POST", `${path}/${old.id}/roll`, {
      key: old.api_key,
      body: { overlap_seconds: 0 },
    });
    expect([await statusOf(old.api_key), await statusOf(body.api_key)]).toEqual([401, 200]);
  });

  test("what is no valid key of this customer is not found", async () => {
    const [mine, other] = [await create({}), await createCustomer(api.platform)];
    const roll = async (of: string, key_id: string) =>
      (await api.ask("POST", `/customers/${of}/api-keys/${key_id}/roll`)).status;
    expect(await roll(other, mine.id)).toBe(404);
    await api.ask("DELETE", `${path}/${mine.id}`);
    expect(await roll(id, mine.id)).toBe(404);
    const expired = await create({});
    await runSql(api.databaseUrl, `UPDATE api_keys SET expires_at = now() WHERE id = '${expired.id}'`);
    expect(await roll(id, expired.id)).toBe(404);
    const { status } = await api.ask("POST", `${path}/${mine.id}/roll`, {
      body: { overlap_seconds: 2_592_001 },
    });
    expect(status).toBe(422);
  });

  test("two that roll one key at once both get a new one, and the shorter overlap holds", async () => {
    const old = await create({});
    const roll = (overlap_seconds: number) =>
      api.ask("POST", `${path}/${old.id}/roll`, { body: { overlap_seconds } });
    const [long, short] = await Promise.all([roll(3_600), roll(60)]);
    expect([long.status, short.status]).toEqual([201, 201]);
    const { data } = (await api.ask("GET", path)).body;
    const kept = data.find((one: { id: string }) => one.id === old.id);
    expect((Date.parse(kept.expires_at) - Date.now()) / 1_000).toBeLessThanOrEqual(60);
    expect(data).toHaveLength(3);
  });
});
