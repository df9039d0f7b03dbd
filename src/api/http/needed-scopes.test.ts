import { beforeAll, describe, expect, test } from "vitest";
import { v7 as uuidv7 } from "uuid";
import { createCustomer, createJobType } from "../../../test/support/test-platform.ts";
import { SCOPES } from "../../core/model/api-key.ts";
import { generateOpenApi } from "../openapi.ts";
import { createTestApi, type TestApi } from "../test-api.ts";
import { adminOnly } from "./auth.ts";
import { NEEDED_SCOPES, requireNeededScope, type neededScope } from "./needed-scopes.ts";

interface Operation {
  readonly operationId: string;
  readonly description: string;
  readonly security?: unknown[];
  readonly method: string;
  readonly path: string;
}

async function securedOperations(): Promise<Operation[]> {
  // The document of our own routes, whose form openapi.test.ts checks.
  const { paths } = (await generateOpenApi()) as { paths: Record<string, Record<string, Operation>> };
  return Object.entries(paths)
    .flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({ ...operation, path, method })),
    )
    .filter(({ security }) => security?.length !== 0);
}

test("every operation that needs a key says what scope it needs, and no other does", async () => {
  const names = (await securedOperations()).map(({ operationId }) => operationId);
  expect(names.toSorted()).toEqual(Object.keys(NEEDED_SCOPES).toSorted());
});

test("a route without a scope stops the start, and so does one that contradicts its hook", () => {
  const check = requireNeededScope(adminOnly);
  const route = (operationId: string, onRequest?: unknown) => ({
    url: "/x",
    schema: { operationId },
    onRequest,
  });
  expect(() => check(route("newThing"))).toThrow("/x (newThing) has no scope");
  expect(() => check({ url: "/x" })).toThrow("has no scope");
  expect(() => check(route("pauseQueue"))).toThrow("needs operators, and adminOnly is not its hook");
  expect(() => check(route("getJob", adminOnly))).toThrow("needs jobs:read, and adminOnly is its hook");
  expect(() => check(route("pauseQueue", adminOnly))).not.toThrow();
  expect(() => check(route("getJob"))).not.toThrow();
});

describe("a key with one scope alone", () => {
  let api: TestApi;
  let id: string;
  beforeAll(async () => {
    api = await createTestApi();
    id = await createCustomer(api.platform);
    await createJobType(api.platform);
  });

  test.each(SCOPES)("%s opens what needs it, and is refused everywhere else", async (scope) => {
    const made = await api.ask("POST", `/customers/${id}/api-keys`, { body: { scopes: [scope] } });
    const key = made.body.api_key;
    const operations = await securedOperations();
    expect(operations.length).toBeGreaterThan(50);
    for (const { operationId, method, path } of operations) {
      const url = path.replace("/customers/{id}", `/customers/${id}`).replaceAll(/\{\w+\}/g, () => uuidv7());
      const body = method === "get" || method === "delete" ? {} : { body: {} };
      const { status, body: answer } = await api.ask(method.toUpperCase(), url, { key, ...body });
      const need = (NEEDED_SCOPES as Record<string, ReturnType<typeof neededScope>>)[operationId];
      const isOpen = need === "any" || need === scope;
      expect([operationId, status === 403]).toEqual([operationId, !isOpen]);
      expect([operationId, status === 401]).toEqual([operationId, false]);
      if (isOpen || need === "operators") continue;
      expect(answer).toMatchObject({
        code: "forbidden",
        detail: expect.stringContaining(`This key has ${scope}.`),
      });
      expect(answer.required_scope).toBe(need === "all" ? undefined : need);
    }
  });

  test("a session that it began may do as much", async () => {
    const { body } = await api.ask("POST", `/customers/${id}/api-keys`, {
      body: { scopes: ["wallet:read"] },
    });
    const signedIn = await api.ask("POST", "/session", { key: null, body: { api_key: body.api_key } });
    const cookie = String(signedIn.headers["set-cookie"]).split(";")[0] ?? "";
    const read = async (path: string) =>
      (await api.ask("GET", path, { key: null, headers: { cookie } })).status;
    expect(await read(`/customers/${id}/wallet`)).toBe(200);
    expect(await read("/jobs")).toBe(403);
  });
});
