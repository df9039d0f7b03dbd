import { commandForTest, runForTest, testContext } from "innovation-ecosystem-platform/processors/testing";
import { describe, expect, test } from "vitest";
import { lacksPython } from "../python.ts";

const FOLDER = new URL("workdays/", import.meta.url);

describe.skipIf(lacksPython)("calendar.workdays", () => {
  test("counts from Monday to Friday without the holidays, and tells its progress and its cost", async () => {
    const context = testContext({ job: { estimated_cost_cents: 10 } });
    const input = { from: "2026-01-01", to: "2026-03-31", holidays: ["2026-01-01", "2026-01-04"] };
    // 64 days from Monday to Friday. The first holiday is a Thursday, the second a Sunday.
    expect(await runForTest(await commandForTest(FOLDER), input, context)).toEqual({
      days: 90,
      workdays: 63,
    });
    expect(context.recorded.progress.map(({ message }) => message)).toEqual([
      "2026-01",
      "2026-02",
      "2026-03",
    ]);
    expect(context.recorded.cost_cents).toBe(3);
  });

  test.each([
    [{ from: "2026-02-30", to: "2026-03-01" }, "ValueError"],
    [{ from: "2026-03-02", to: "2026-03-01" }, "1 to 36525 days"],
    [{ to: "2026-03-01" }, "KeyError"],
    [[], "TypeError"],
    [null, "TypeError"],
  ])("the input %j is refused for good", async (input, reason) => {
    await expect(runForTest(await commandForTest(FOLDER), input)).rejects.toMatchObject({
      code: "input_invalid",
      message: expect.stringContaining(reason),
    });
  });
});
