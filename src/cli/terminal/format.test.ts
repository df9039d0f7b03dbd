import { assert, maxSafeInteger, property } from "fast-check";
import { expect, test } from "vitest";
import { escapeText, formatDetails, formatMoney, formatTable, formatTime, tableOf } from "./format.ts";

test.each([
  [0, "0.00 EUR"],
  [5, "0.05 EUR"],
  [-5, "-0.05 EUR"],
  [1234, "12.34 EUR"],
  [-123_400, "-1234.00 EUR"],
  [Number.MAX_SAFE_INTEGER, "90071992547409.91 EUR"],
])("%i cents are %s", (cents, text) => {
  expect(formatMoney(cents, "EUR")).toBe(text);
});

test("money is exact for every safe integer: its digits are the cents", () => {
  assert(
    property(maxSafeInteger(), (cents) => {
      expect(Number(formatMoney(cents, "EUR").replace(/[. EUR]/g, ""))).toBe(cents);
    }),
  );
});

test("a table aligns words to the left and numbers to the right", () => {
  const rows = [
    { name: "a", count: 1 },
    { name: "long", count: 1000 },
  ];
  const columns = [
    { title: "NAME", cell: (row: { name: string }) => row.name },
    { title: "COUNT", cell: (row: { count: number }) => row.count, right: true },
  ];
  expect(formatTable(columns, rows).split("\n")).toEqual(["NAME  COUNT", "a         1", "long   1000"]);
});

test("text of others cannot speak to the terminal, break a line or widen a table without end", () => {
  const hostile = { text: `\u001b[31mred\nnext\u009b2J${"x".repeat(100)}` };
  const [, line = "", ...more] = formatTable([{ title: "T", cell: (row) => row.text }], [hostile]).split(
    "\n",
  );
  expect(more).toEqual([]);
  expect(line).toMatch(/^ \[31mred next 2Jx+…$/);
  expect(line).toHaveLength(80);
});

test("details leave out what has no value", () => {
  expect(
    formatDetails([
      ["id", "1"],
      ["retry of", null],
      ["attempts", 0],
    ]),
  ).toBe("id        1\nattempts  0");
});

test("times come without their fraction", () => {
  expect(formatTime("2026-11-23T21:06:00.123456Z")).toBe("2026-11-23T21:06:00Z");
  expect(formatTime("2026-11-23T21:06:00Z")).toBe("2026-11-23T21:06:00Z");
  expect(formatTime(null)).toBe("-");
});

test("a table that comes in pages has one heading, and its columns only get wider", () => {
  const table = tableOf<string>([
    { title: "WORD", cell: (word) => word },
    { title: "END", cell: () => "." },
  ]);
  expect([table(["a"]), table(["longer"]), table(["b"])]).toEqual([
    "WORD  END\na     .",
    "longer  .",
    "b       .",
  ]);
});

test("what a terminal would act on is shown as its code", () => {
  expect(escapeText("a\u001b[31m\r\n\tb\u202ec\u2066d\u200f\u0085 é 漢")).toBe(
    "a\\u001b[31m\\r\\n\\tb\\u202ec\\u2066d\\u200f\\u0085 é 漢",
  );
});
