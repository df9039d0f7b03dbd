import * as fc from "fast-check";
import { expect, test } from "vitest";
import echo from "./echo.ts";
import { runForTest } from "../sdk/test-context.ts";

test("any JSON comes back unchanged", async () => {
  await fc.assert(
    fc.asyncProperty(fc.jsonValue(), async (value) => {
      // As text, because toEqual takes a member named "__proto__" for the prototype.
      expect(JSON.stringify(await runForTest(echo, value))).toBe(JSON.stringify(value));
    }),
  );
});
