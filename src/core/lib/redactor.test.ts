import { expect, test } from "vitest";
import { createRedactor, hidesAll } from "./redactor.ts";

const BOUNDS = { lengthMin: 3, formsMax: 100 };

const redact = (values: readonly string[], text: string, isCut = false) =>
  createRedactor(values, BOUNDS)?.redact(text, isCut);

test("a secret is hidden as it is, as JSON has it, and in an address", () => {
  expect(redact(["hunter2"], "hunter2 and hunter2")).toBe("[redacted] and [redacted]");
  expect(redact(['a"b\\c'], 'got {"key":"a\\"b\\\\c"}')).toBe('got {"key":"[redacted]"}');
  expect(redact(["pässword"], String.raw`{"key": "p\u00e4ssword"}`)).toBe('{"key": "[redacted]"}');
  expect(redact(["a b/c"], "GET /?key=a%20b%2Fc")).toBe("GET /?key=[redacted]");
});

test("a pattern in a secret is text, and one secret may be a part of another", () => {
  expect(redact(["$&.*"], "x$&.*y")).toBe("x[redacted]y");
  expect(redact(["abc", "abcdef"], "abcdef abc")).toBe("[redacted] [redacted]");
});

test("secrets that overlap are hidden whole", () => {
  expect(redact(["abcd", "cdef"], "x abcdef y")).toBe("x [redacted] y");
});

test("secrets that are parts of what stands for them change nothing more", () => {
  const mark = "[redacted]";
  const parts: string[] = [];
  for (let start = 0; start < mark.length; start += 1) {
    for (let end = start + 3; end <= mark.length; end += 1) parts.push(mark.slice(start, end));
  }
  expect(redact(["hunter2", ...parts], "a hunter2 b")).toBe("a [redacted] b");
});

test("each line of a long secret is hidden on its own", () => {
  expect(redact(["-----BEGIN\nMIIEow\n-----END"], "key: MIIEow")).toBe("key: [redacted]");
});

test("short values are not looked for", () => {
  expect(createRedactor(["", "a", "42", "  x "], BOUNDS)).toBeUndefined();
});

test("where there is more to look for than may be, all is hidden", () => {
  const lines = (count: number) => Array.from({ length: count }, (_, n) => `line${n}`).join("\n");
  expect(redact([lines(90)], "open")).toBe("open");
  expect(createRedactor([lines(101)], BOUNDS)).toBe(hidesAll);
  expect(createRedactor(lines(101).split("\n"), BOUNDS)).toBe(hidesAll);
  // One form of a line at least counts, also of those that are too short to be looked for.
  expect(createRedactor(["\na".repeat(101)], BOUNDS)).toBe(hidesAll);
});

test("a text that was cut shows no part of a secret", () => {
  expect(redact(["correct-horse"], "the key is correct-h", true)).toBe("the key is [redacted]");
  expect(redact(["correct-horse"], "the key is correct-h…", true)).toBe("the key is [redacted]…");
  expect(redact(["correct-horse"], "t-horse was the key", true)).toBe("[redacted] was the key");
  expect(redact(["correct-horse"], "rect-hor", true)).toBe("[redacted]");
  expect(redact(["aabaaab"], "xaabaaa", true)).toBe("x[redacted]");
  expect(redact(["correct-horse"], "the key is correct-h")).toBe("the key is correct-h");
});

test("a text may be cut within: at each mark, and at each of its line breaks when it was cut", () => {
  expect(redact(["correct-horse"], "exit code 1: …t-horse and more")).toBe(
    "exit code 1: …[redacted] and more",
  );
  expect(redact(["correct-horse"], "it was correct-h\n[cause]: no\nect-horse", true)).toBe(
    "it was [redacted]\n[cause]: no\n[redacted]",
  );
});

test("half a character shows that a text was cut", () => {
  const half = "pass\u{1F511}word".slice(0, 5);
  expect(redact(["pass\u{1F511}word"], `it is ${half.toWellFormed()}`)).toBe("it is [redacted]\uFFFD");
});

test("where secrets cannot be told, all is hidden", () => {
  expect(hidesAll.redact("anything")).toBe("[redacted]");
});
