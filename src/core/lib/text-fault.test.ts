import { expect, test } from "vitest";
import { findTextFault, tidyText } from "./text-fault.ts";

const identity = (text: string) => findTextFault(tidyText(text), "identity", 200);
const name = (text: string) => findTextFault(tidyText(text), "name", 200);

test("two spellings of one text become one", () => {
  expect(tidyText("cafe\u0301 ")).toBe(tidyText(" caf\u00e9"));
  expect(tidyText("\u1100\u1161\u11a8")).toBe("\uac01");
  expect(tidyText("\u212b")).toBe("\u00c5");
});

test.each([
  "invoice 2026-0042",
  "Rechnung für Žluťoučký №7 🐎",
  "\u0600\u0661\u0662",
  "請求書 42",
  "فاتورة ٤٢",
])("%s identifies", (text) => {
  expect(identity(text)).toBeUndefined();
});

test.each([
  ["zero-width space", "a\u200bb", "U+200B"],
  ["zero-width non-joiner", "a\u200cb", "U+200C"],
  ["zero-width joiner", "a\u200db", "U+200D"],
  ["byte order mark", "a\ufeffb", "U+FEFF"],
  ["word joiner", "a\u2060b", "U+2060"],
  ["soft hyphen", "a\u00adb", "U+00AD"],
  ["right-to-left mark", "a\u200fb", "U+200F"],
  ["right-to-left override", "a\u202eb", "U+202E"],
  ["isolate", "a\u2066b", "U+2066"],
  ["Arabic letter mark", "a\u061cb", "U+061C"],
  ["combining grapheme joiner", "a\u034fb", "U+034F"],
  ["Hangul filler", "a\u3164b", "U+3164"],
  ["variation selector", "a\ufe0fb", "U+FE0F"],
  ["tag", "a\u{e0041}b", "U+E0041"],
  ["Mongolian vowel separator", "a\u180eb", "U+180E"],
  ["empty Braille pattern", "a\u2800b", "U+2800"],
  ["no-break space", "a\u00a0b", "U+00A0"],
  ["em space", "a\u2003b", "U+2003"],
  ["ideographic space", "a\u3000b", "U+3000"],
  ["line separator", "a\u2028b", "U+2028"],
  ["noncharacter", "a\ufffeb", "U+FFFE"],
  ["interlinear anchor", "a\ufff9b", "U+FFF9"],
])("a %s is refused and named where a text identifies", (_what, text, code) => {
  expect(identity(text)).toContain(`it has ${code}`);
});

test("names keep what scripts and pictures need, and nothing that turns or hides them", () => {
  expect(name("\u0646\u0627\u0645\u0647\u200c\u0627\u06cc")).toBeUndefined();
  expect(name("Ada \u{1f469}\u200d\u{1f680}")).toBeUndefined();
  expect(name("a\u202eb")).toContain("U+202E");
  expect(name("a\u2029b")).toContain("U+2029");
  expect(name("\u200b\u200d")).toBe("must have a character that can be seen");
});

test("what was refused before still is", () => {
  expect(identity("  ")).toBe("must not be empty");
  expect(identity("a\u0000")).toBe("must have no control characters");
  expect(identity("\ud800")).toBe("has half of a surrogate pair: send well-formed Unicode");
  expect(findTextFault("🐎".repeat(200), "identity", 200)).toBeUndefined();
  expect(findTextFault("🐎".repeat(201), "identity", 200)).toBe("must have at most 200 characters");
});
