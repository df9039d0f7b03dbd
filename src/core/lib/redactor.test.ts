import { expect, test } from "vitest";
import { createRedactor, hidesAll } from "./redactor.ts";

const redact = (values: readonly string[], text: string, isCut = false) =>
  createRedactor(values, 3)?.redact(text, isCut);

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

test("each line of a long secret is hidden on its own", () => {
  expect(redact(["-----BEGIN\nMIIEow\n-----END"], "key: MIIEow")).toBe("key: [redacted]");
});

test("short values are not looked for", () => {
  expect(createRedactor(["", "a", "42", "  x "], 3)).toBeUndefined();
});

test("a text that was cut shows no part of a secret", () => {
  expect(redact(["correct-horse"], "the key is correct-h", true)).toBe("the key is [redacted]");
  expect(redact(["correct-horse"], "the key is correct-h…", true)).toBe("the key is [redacted]…");
  expect(redact(["correct-horse"], "t-horse was the key", true)).toBe("[redacted] was the key");
  expect(redact(["correct-horse"], "rect-hor", true)).toBe("[redacted]");
  expect(redact(["aabaaab"], "xaabaaa", true)).toBe("x[redacted]");
  expect(redact(["correct-horse"], "the key is correct-h")).toBe("the key is correct-h");
});

test("where secrets cannot be told, all is hidden", () => {
  expect(hidesAll.redact("anything")).toBe("[redacted]");
});
