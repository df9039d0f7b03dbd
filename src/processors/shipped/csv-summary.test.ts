import { setImmediate } from "node:timers/promises";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import csvSummary from "./csv-summary.ts";
import { InputError } from "../sdk/fatal-error.ts";
import { runForTest, testContext } from "../sdk/test-context.ts";

/** The numbers from 0, one a line. */
function lines(count: number): string {
  return Array.from({ length: count }, (_, index) => index).join("\n");
}

function quote(text: string): string {
  return `"${text.replaceAll('"', '""')}"`;
}

const NO_RANGE = { min: null, max: null, mean: null, sum: null };

test("a file is summarized by column", async () => {
  const csv = [
    "id,price,paid,day,note,later",
    "1,0.10,true,2026-02-28,first,",
    "2,0.20,FALSE,2024-02-29 10:00:00,,",
    '3,-3e2,true,2025-01-01T00:00:00+02:00,"first, again",',
    "4,.5,true,2025-01-01,first, ",
  ].join("\n");
  const common = { missing: 0, distinct_is_capped: false };
  expect(await runForTest(csvSummary, { csv })).toEqual({
    rows: 4,
    bad_rows: 0,
    columns: [
      { name: "id", type: "integer", count: 4, distinct: 4, min: 1, max: 4, mean: 2.5, sum: 10, ...common },
      {
        name: "price",
        type: "number",
        count: 4,
        distinct: 4,
        min: -300,
        max: 0.5,
        mean: -74.8,
        sum: -299.2,
        ...common,
      },
      { name: "paid", type: "boolean", count: 4, distinct: 2, ...NO_RANGE, ...common },
      {
        name: "day",
        type: "date",
        count: 4,
        distinct: 4,
        ...NO_RANGE,
        min: "2024-02-29 10:00:00",
        max: "2026-02-28",
        ...common,
      },
      { name: "note", type: "text", count: 3, distinct: 2, ...NO_RANGE, ...common, missing: 1 },
      { name: "later", type: "empty", count: 0, distinct: 0, ...NO_RANGE, ...common, missing: 4 },
    ],
  });
});

test.each([
  ["007", "text"],
  ["2023-02-29", "text"],
  ["2026-01-01 25:00:00", "text"],
  ["12345678901234567890", "text"],
  ["1e400", "text"],
  [`2026-01-01 10:00:00.${"0".repeat(30)}`, "text"],
  ["2026-01-01 10:00:00.123456789+05:30", "date"],
  ["0x10", "text"],
  ["Infinity", "text"],
  ["-0", "integer"],
  ["+12", "integer"],
  ["1.", "number"],
  ["1E-3", "number"],
])("%s is %s", async (value, type) => {
  expect(await runForTest(csvSummary, { csv: `a\n${value}\n` })).toMatchObject({ columns: [{ type }] });
});

test("values of two types make a text, whichever came first", async () => {
  expect(await runForTest(csvSummary, { csv: "a,b\n1,x\nx,1\n" })).toMatchObject({
    columns: [
      { type: "text", ...NO_RANGE },
      { type: "text", ...NO_RANGE },
    ],
  });
});

test("cents do not get lost in a sum", async () => {
  expect(await runForTest(csvSummary, { csv: `a\n${"0.1\n".repeat(10)}` })).toMatchObject({
    columns: [{ sum: 1, mean: 0.1 }],
  });
});

test("a sum beyond all doubles is null", async () => {
  expect(await runForTest(csvSummary, { csv: "a\n1e308\n1e308\n" })).toMatchObject({
    columns: [{ max: 1e308, sum: null, mean: null }],
  });
});

test("columns without a name are named by their place", async () => {
  const { columns: named } = (await runForTest(csvSummary, { csv: "a,,c\n1,2,3" })) as {
    columns: { name: string }[];
  };
  expect(named.map(({ name }) => name)).toEqual(["a", "column_2", "c"]);
  const headless = await runForTest(csvSummary, { csv: "1;2\n3;4", header: false, delimiter: ";" });
  expect(headless).toMatchObject({
    rows: 2,
    columns: [
      { name: "column_1", sum: 4 },
      { name: "column_2", sum: 6 },
    ],
  });
});

test("a very long name is cut between characters", async () => {
  expect(await runForTest(csvSummary, { csv: `a${"😀".repeat(400_000)}\n1` })).toMatchObject({
    columns: [{ name: `a${"😀".repeat(199)}` }],
  });
});

test("a byte order mark, Windows line ends and empty lines are not data", async () => {
  expect(await runForTest(csvSummary, { csv: "\ufeffa,b\r\n\r\n1,2\r\n\r\n" })).toMatchObject({
    rows: 1,
    columns: [{ name: "a", count: 1 }, { name: "b" }],
  });
});

test.each(["", "a,b\n"])("the file %j has no rows", async (csv) => {
  expect(await runForTest(csvSummary, { csv })).toMatchObject({ rows: 0, bad_rows: 0 });
});

test.each([
  ["too few fields", 'a,b\n1,"x\ny"\n3\n', "line 4"],
  ["too many fields", "a,b\n1,2,3\n", "line 2"],
  ["a quote that never closes", 'a,b\n1,"x\n', "line 2"],
  ["a quote within a field", 'a,b\n1,2\n1,x"y\n', "line 3"],
  ["text after a quote", 'a,b\n1,"x"y\n', "line 2"],
])("%s: refused with the line", async (_fault, csv, line) => {
  const error: unknown = await runForTest(csvSummary, { csv }).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(InputError);
  expect(error).toMatchObject({
    errors: [{ pointer: "/csv", message: expect.stringContaining(line) }],
    message: expect.stringContaining(line),
  });
});

test("rows of another width are left out and counted when told so", async () => {
  expect(
    await runForTest(csvSummary, { csv: "a,b\n1,2\n9\n3,4\n9,9,9\n", skip_bad_rows: true }),
  ).toMatchObject({
    rows: 2,
    bad_rows: 2,
    columns: [{ sum: 4 }, { sum: 6 }],
  });
});

test("too many columns are refused", async () => {
  await expect(runForTest(csvSummary, { csv: ",".repeat(1_000) })).rejects.toThrow("more than 1000 columns");
});

test("beyond ten thousand different values the count says that it is capped", async () => {
  const repeated = `a\n${lines(10_000)}\n${lines(10_000)}`;
  expect(await runForTest(csvSummary, { csv: repeated })).toMatchObject({
    columns: [{ count: 20_000, distinct: 10_000, distinct_is_capped: false }],
  });
  expect(await runForTest(csvSummary, { csv: `a\n${lines(10_001)}` })).toMatchObject({
    columns: [{ count: 10_001, distinct: 10_000, distinct_is_capped: true }],
  });
});

test("any table comes through quoting whole", async () => {
  const cell = fc.string({ unit: "grapheme" });
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(cell, cell), { minLength: 1 }), async (table) => {
      const csv = table.map((row) => row.map(quote).join(",")).join("\n");
      const values = [0, 1].map((index) =>
        table.map((row) => (row[index] ?? "").trim()).filter((text) => text !== ""),
      );
      expect(await runForTest(csvSummary, { csv, header: false })).toMatchObject({
        rows: table.length,
        columns: values.map((column) => ({
          count: column.length,
          missing: table.length - column.length,
          distinct: new Set(column).size,
        })),
      });
    }),
  );
});

test("letters of many bytes survive wherever the file is cut for parsing", async () => {
  const csv = `a\n${"€".repeat(20_001)}\n${"€".repeat(20_001)}\n`;
  expect(await runForTest(csvSummary, { csv })).toMatchObject({ rows: 2, columns: [{ distinct: 1 }] });
});

const LARGE_CSV = `a,b,c\n${"1234,5678.25,some words here\n".repeat(30_000)}`;

test("a large file is read in turns, with progress that only grows", async () => {
  const context = testContext();
  let othersRan = 0;
  const attempt = runForTest(csvSummary, { csv: LARGE_CSV }, context);
  const others = new AbortController();
  const counting = (async () => {
    while (!others.signal.aborted) {
      await setImmediate();
      othersRan += 1;
    }
  })();
  expect(await attempt).toMatchObject({ rows: 30_000, columns: [{ mean: 1234 }, { sum: 170_347_500 }, {}] });
  others.abort();
  await counting;
  expect(othersRan).toBeGreaterThan(5);
  const fractions = context.recorded.progress.map(({ fraction }) => fraction);
  expect(fractions.length).toBeGreaterThan(5);
  expect(fractions).toEqual(fractions.toSorted((a, b) => a - b));
});

test("an abort ends the reading with the signal's reason", async () => {
  const stop = new AbortController();
  const reason = new Error("cancelled");
  const context = { ...testContext({ signal: stop.signal }), progress: () => stop.abort(reason) };
  await expect(runForTest(csvSummary, { csv: LARGE_CSV }, context)).rejects.toBe(reason);
});
