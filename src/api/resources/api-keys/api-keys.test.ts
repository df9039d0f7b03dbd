import { beforeAll, describe, expect, test } from "vitest";
import { createCustomer } from "../../../../test/support/test-platform.ts";
import { createTestApi, type TestApi } from "../../test-api.ts";

let api: TestApi;
beforeAll(async () => {
  api = await createTestApi();
});

describe("API keys", () => {
  test("a key is shown once, works, is listed by its beginning, and is refused once revoked", async () => {
    const id = await createCustomer(api.platform);
    const made = await api.ask("POST", `/customers/${id}/api-keys`, { body: { name: "laptop" } });
    expect(made.status).toBe(201);
    expect(made.headers["cache-control"]).toBe("no-store");
    expect(Object.keys(made.body)).toEqual(["id", "api_key"]);
    const { api_key } = made.body;
    expect(api_key).toMatch(/^iep_[0-9A-Za-z]{49}$/);

    expect((await api.ask("GET", `/customers/${id}`, { key: api_key })).status).toBe(200);
    const listed = await api.ask("GET", `/customers/${id}/api-keys`);
    expect(listed.text).not.toContain(api_key);
    expect(listed.body.data).toEqual([
      {
        id: made.body.id,
        customer_id: id,
        name: "laptop",
        prefix: api_key.slice(0, 12),
        scopes: ["jobs:write", "jobs:read", "wallet:read"],
        created_at: expect.any(String),
        expires_at: null,
        last_used_at: expect.any(String),
        revoked_at: null,
      },
    ]);

    expect((await api.ask("DELETE", `/customers/${id}/api-keys/${made.body.id}`)).status).toBe(204);
    expect((await api.ask("DELETE", `/customers/${id}/api-keys/${made.body.id}`)).status).toBe(204);
    const refused = await api.ask("GET", `/customers/${id}`, { key: api_key });
    expect([refused.status, refused.body.code]).toEqual([401, "invalid_api_key"]);
    expect((await api.ask("GET", `/customers/${id}/api-keys`)).body.data[0].revoked_at).not.toBeNull();
  });

  test("a key needs no name and so no body, with or without a content type", async () => {
    const id = await createCustomer(api.platform);
    const path = `/customers/${id}/api-keys`;
    expect((await api.ask("POST", path)).status).toBe(201);
    expect((await api.ask("POST", path, { raw: "" })).status).toBe(201);
    expect((await api.ask("POST", path, { body: {} })).status).toBe(201);
    expect((await api.ask("GET", path)).body.data.map((key: { name: null }) => key.name)).toEqual([
      null,
      null,
      null,
    ]);
  });

  test("a DELETE with a content type and nothing in it is no fault", async () => {
    const id = await createCustomer(api.platform);
    const { body } = await api.ask("POST", `/customers/${id}/api-keys`);
    expect((await api.ask("DELETE", `/customers/${id}/api-keys/${body.id}`, { raw: "" })).status).toBe(204);
  });

  test("a key of another customer cannot be revoked through this one", async () => {
    const [mine, theirs] = await Promise.all([createCustomer(api.platform), createCustomer(api.platform)]);
    const { body } = await api.ask("POST", `/customers/${theirs}/api-keys`);
    expect((await api.ask("DELETE", `/customers/${mine}/api-keys/${body.id}`)).status).toBe(404);
    expect((await api.ask("GET", `/customers/${theirs}`, { key: body.api_key })).status).toBe(200);
  });

  test("keys are listed in pages", async () => {
    const id = await createCustomer(api.platform);
    for (let n = 0; n < 3; n += 1)
      await api.ask("POST", `/customers/${id}/api-keys`, { body: { name: `key ${n}` } });
    const first = (await api.ask("GET", `/customers/${id}/api-keys?limit=2`)).body;
    const second = (await api.ask("GET", `/customers/${id}/api-keys?limit=2&cursor=${first.next_cursor}`))
      .body;
    expect([...first.data, ...second.data].map((key) => key.name)).toEqual(["key 2", "key 1", "key 0"]);
    expect(second.next_cursor).toBeNull();
  });
});
