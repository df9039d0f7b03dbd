import { expect, test } from "vitest";
import { generateOpenApi } from "../openapi.ts";
import { NEEDED_ROLES, requireNeededRole } from "./needed-roles.ts";

test("every operation that needs a key says what role it needs, and no other does", async () => {
  const { paths } = (await generateOpenApi()) as {
    paths: Record<string, Record<string, { operationId: string; security?: unknown[] }>>;
  };
  const operations = Object.values(paths).flatMap((path) => Object.values(path));
  const secured = operations.filter(({ security }) => security?.length !== 0);
  expect(secured.length).toBeGreaterThan(40);
  expect(secured.map(({ operationId }) => operationId).toSorted()).toEqual(
    Object.keys(NEEDED_ROLES).toSorted(),
  );
});

test("a route without a role stops the start", () => {
  expect(() => requireNeededRole({ url: "/new", schema: { operationId: "newThing" } })).toThrow(
    "/new (newThing) has no role",
  );
  expect(() => requireNeededRole({ url: "/new" })).toThrow("has no role");
  expect(() => requireNeededRole({ url: "/me", schema: { operationId: "getMe" } })).not.toThrow();
});
