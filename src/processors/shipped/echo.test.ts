import * as fc from "fast-check";
import { expect, test } from "vitest";
import echo from "./echo.ts";
import { runForTest } from "../sdk/test-context.ts";

test("any JSON comes back unchanged", async () => {
  await fc.assert(
    fc.asyncProperty(fc.jsonValue(), async (value) => {
      expect(await runForTest(echo, value)).toEqual(value);
    }),
  );
});
