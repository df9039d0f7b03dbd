import { beforeAll, expect, test } from "vitest";
import { createCustomer } from "../../../../test/support/test-platform.ts";
import { createTestApi, type TestApi } from "../../test-api.ts";

let api: TestApi;
beforeAll(async () => {
  api = await createTestApi();
});

test("a customer's key tells whose it is and which, the admin key that it is the admin's", async () => {
  const id = await createCustomer(api.platform);
  const made = (await api.ask("POST", `/customers/${id}/api-keys`, { body: { name: "laptop" } })).body;
  const { status, body } = await api.ask("GET", "/me", { key: made.api_key });
  expect(status).toBe(200);
  expect(body).toEqual({
    kind: "customer",
    customer: (await api.ask("GET", `/customers/${id}`)).body,
    api_key: {
      id: made.id,
      name: "laptop",
      prefix: made.api_key.slice(0, 12),
      scopes: ["jobs:write", "jobs:read", "wallet:read"],
      expires_at: null,
    },
  });
  expect((await api.ask("GET", "/me")).body).toEqual({ kind: "admin", name: "admin", role: "admin" });
  expect((await api.ask("GET", "/me", { key: `iep_${"A".repeat(43)}` })).status).toBe(401);
});

test("a customer rolls its key itself: a new one, then the old one revokes itself", async () => {
  const id = await createCustomer(api.platform);
  const path = `/customers/${id}/api-keys`;
  const old = (await api.ask("POST", path)).body;
  const made = await api.ask("POST", path, { key: old.api_key, body: { name: "new" } });
  expect(made.status).toBe(201);
  expect(made.headers["cache-control"]).toBe("no-store");
  const listed = await api.ask("GET", path, { key: old.api_key });
  expect(listed.body.data.map((key: { id: string }) => key.id)).toEqual([made.body.id, old.id]);
  expect((await api.ask("DELETE", `${path}/${old.id}`, { key: old.api_key })).status).toBe(204);
  expect((await api.ask("GET", "/me", { key: old.api_key })).status).toBe(401);
  expect((await api.ask("GET", "/me", { key: made.body.api_key })).body.api_key.name).toBe("new");
});

test("keys of another customer are as if they did not exist", async () => {
  const [mine, theirs] = await Promise.all([createCustomer(api.platform), createCustomer(api.platform)]);
  const key = (await api.ask("POST", `/customers/${mine}/api-keys`)).body.api_key;
  const other = (await api.ask("POST", `/customers/${theirs}/api-keys`)).body;
  const path = `/customers/${theirs}/api-keys`;
  expect((await api.ask("GET", path, { key })).status).toBe(404);
  expect((await api.ask("POST", path, { key, body: {} })).status).toBe(404);
  expect((await api.ask("DELETE", `${path}/${other.id}`, { key })).status).toBe(404);
  const crossed = `/customers/${mine}/api-keys/${other.id}`;
  expect((await api.ask("DELETE", crossed, { key })).status).toBe(404);
  expect((await api.ask("GET", "/me", { key: other.api_key })).status).toBe(200);
});

test("there is an end to the keys of a customer, and revoking one makes room", async () => {
  const id = await createCustomer(api.platform);
  const path = `/customers/${id}/api-keys`;
  const made = [];
  for (let n = 0; n < 100; n += 1) made.push((await api.ask("POST", path)).body);
  const refused = await api.ask("POST", path, { key: made[0].api_key });
  expect([refused.status, refused.body.code]).toEqual([409, "too_many_keys"]);
  await api.ask("DELETE", `${path}/${made[99].id}`);
  expect((await api.ask("POST", path, { key: made[0].api_key })).status).toBe(201);
});
