import { describe, expect, test } from "vitest";
import { csvLine, prefersCsv } from "./csv.ts";

describe("a CSV line", () => {
  test.each([
    ["plain", "plain"],
    ["a,b", '"a,b"'],
    ['say "hi"', '"say ""hi"""'],
    ["two\r\nlines", '"two\r\nlines"'],
    ["=1+1", "'=1+1"],
    ["+1", "'+1"],
    ["-1", "'-1"],
    ["@x", "'@x"],
    ['=HYPERLINK("x","y")', '"\'=HYPERLINK(""x"",""y"")"'],
    ["a=b", "a=b"],
  ])("writes the text %j as %j", (text, cell) => {
    expect(csvLine([text])).toBe(`${cell}\r\n`);
  });

  test("writes decimals as they are", () => {
    expect(csvLine([{ decimal: "-0.050" }, "-0.050"])).toBe("-0.050,'-0.050\r\n");
  });

  test("writes negative numbers as numbers, and null as nothing", () => {
    expect(csvLine([-5, null, 0])).toBe("-5,,0\r\n");
  });
});

describe("the Accept header", () => {
  test.each([
    [undefined, false],
    ["*/*", false],
    ["application/json", false],
    ["text/csv", true],
    ["TEXT/CSV; charset=utf-8", true],
    ["text/csv, application/json;q=0.5", true],
    ["application/json, text/csv;q=0.5", false],
    ["text/csv;q=0", false],
    ["text/html,application/xhtml+xml,*/*;q=0.8", false],
  ])("%s asks for CSV: %s", (accept, expected) => {
    expect(prefersCsv(accept)).toBe(expected);
  });
});
