import * as fc from "fast-check";
import { expect, test } from "vitest";
import { LineCutter, LineError } from "./line-cutter.ts";

function cut(bytes: Buffer, chunk_bytes: number, lineBytesMax = 1_000): string[] {
  const cutter = new LineCutter(lineBytesMax);
  const lines: string[] = [];
  for (let start = 0; start < bytes.length; start += chunk_bytes) {
    lines.push(...cutter.push(bytes.subarray(start, start + chunk_bytes)));
  }
  return [...lines, ...cutter.finish()];
}

test("lines are the same however the bytes are cut", () => {
  const line = fc.string({ unit: "grapheme", maxLength: 20 }).map((text) => text.replaceAll(/[\r\n]/g, ""));
  fc.assert(
    fc.property(fc.array(line), fc.integer({ min: 1, max: 30 }), (lines, chunk_bytes) => {
      const text = lines.map((each) => `${each}\n`).join("");
      expect(cut(Buffer.from(text), chunk_bytes)).toEqual(lines);
    }),
  );
});

test("a last line needs no end, and an end may have a carriage return", () => {
  expect(cut(Buffer.from("a\r\nb"), 100)).toEqual(["a", "b"]);
});

test("a line may be as long as the limit, not longer, with or without its end", () => {
  expect(cut(Buffer.from("abc\ndef"), 2, 3)).toEqual(["abc", "def"]);
  for (const text of ["abcd", "abcd\n"]) expect(() => cut(Buffer.from(text), 2, 3)).toThrow(LineError);
});

test("a line of many small pieces comes through whole", () => {
  const text = "x".repeat(5_000);
  expect(cut(Buffer.from(text), 1, 5_000)).toEqual([text]);
});

test("bytes that are no UTF-8 are refused", () => {
  expect(() => cut(Buffer.from("ff0a", "hex"), 10)).toThrow("not UTF-8");
});
