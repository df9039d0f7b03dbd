import { expect, test } from "vitest";
import { findRepeatedName } from "./repeated-names.ts";

const find = (text: string) => findRepeatedName(text, JSON.parse(text));

test.each([
  ['{"a":1,"a":2}', "/a"],
  ['{"a":1,"a":1}', "/a"],
  ['{"a":1, "\\u0061" : 2}', "/a"],
  ['{"b":[0,{"c":1,"d":{"c":2,"c":3}}]}', "/b/1/d/c"],
  ['{"a":{"x":1},"a":{"y":2}}', "/a"],
  ['[{"a":1},{"a":2,"a":3}]', "/1/a"],
  ['{"__proto__":1,"__proto__":2}', "/__proto__"],
  ['{"__proto__":1,"\\u005f_proto__":2}', "/__proto__"],
  ['{"":1,"":2}', "/"],
  ['{"a/b":1,"a/b":2}', "/a~1b"],
  ['{"1":0,"1":0}', "/1"],
  ['{"a\\"":1,"a\\"":2}', '/a"'],
  ['{"a\\\\":1,"a\\\\":2}', "/a\\"],
  ['{"a"\n\t :1,"a"\r\n:2}', "/a"],
  ['{"\\ud83d\\ude00":1,"😀":2}', "/😀"],
])("%s repeats %s", (text, pointer) => {
  expect(find(text)).toBe(pointer);
});

test.each([
  '{"a":1,"b":{"a":2},"c":[{"a":3},{"a":4}]}',
  '{"a":"b:","c":"\\"d\\":"}',
  '["a","a",":"]',
  '{"a\\\\":":","a":"\\\\"}',
  '{"A":1,"a":2,"\\u0041b":3}',
  '{"__proto__":{"__proto__":1},"constructor":1}',
  '"a"',
  "1",
  "[]",
  "{}",
  '"\\\\\\""',
])("%s repeats none", (text) => {
  expect(find(text)).toBeUndefined();
});

test("no text of 1 MiB takes long, whether a name repeats in it or not", () => {
  const names = Array.from({ length: 90_000 }, (_, n) => `"k${n}":1`).join(",");
  const texts = [
    `{${names}}`,
    `{${names},"k0":2}`,
    `["${'\\"'.repeat(500_000)}"]`,
    `["${"\\\\".repeat(500_000)}"]`,
    `[${"0,".repeat(500_000)}0]`,
    `${"[".repeat(500_000)}${"]".repeat(500_000)}`,
    `${'{"a":'.repeat(170_000)}{"b":1,"b":2}${"}".repeat(170_000)}`,
    `[${'"a",'.repeat(250_000)}0]`,
  ];
  for (const text of texts) {
    const value: unknown = JSON.parse(text);
    // Time of this process, which a busy machine does not stretch.
    const before = process.cpuUsage();
    findRepeatedName(text, value);
    const { user, system } = process.cpuUsage(before);
    expect((user + system) / 1_000).toBeLessThan(500);
  }
});
