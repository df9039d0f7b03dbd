import { expect, test } from "vitest";
import { stackOf } from "./stack-of.ts";

test("a stack names the message, the place and every cause", () => {
  const inner = new TypeError("inner");
  const stack = stackOf(new Error("outer", { cause: new Error("middle", { cause: inner }) }), 4_000);
  expect(stack).toMatch(
    /^Error: outer\n {4}at .*stack-of\.test\.ts.*\[cause\]: Error: middle.*\[cause\]: TypeError: inner/s,
  );
});

test("the first error of an aggregate is told", () => {
  const stack = stackOf(new AggregateError([new Error("first"), new Error("second")], "several"), 4_000);
  expect(stack).toMatch(/several.*\[cause\]: Error: first/s);
});

test("a long stack does not hide its cause, and the whole is bounded", () => {
  const outer = new Error("x".repeat(100_000), { cause: new Error("the cause") });
  const stack = stackOf(outer, 4_000);
  expect(stack.length).toBeLessThanOrEqual(4_000);
  expect(stack).toContain("the cause");
});

test("a cycle of causes ends", () => {
  const error = new Error("round");
  error.cause = new Error("and", { cause: error });
  expect(stackOf(error, 4_000).match(/\[cause\]/g)).toHaveLength(1);
});

const hostile = Object.create(null, {
  stack: {
    get: () => {
      throw new Error("no");
    },
  },
  cause: {
    get: () => {
      throw new Error("no");
    },
  },
}) as object;

test.each<[string, unknown, RegExp]>([
  ["a text", "just text", /^thrown: just text$/],
  ["undefined", undefined, /^thrown: $|^$/],
  ["null", null, /^thrown: null$/],
  ["an object without a prototype", Object.create(null), /^thrown: \{\}$/],
  ["getters that throw", hostile, /^thrown: /],
  ["a symbol", Symbol("s"), /^thrown: "\[symbol\]"$/],
  [
    "a message that is an object",
    Object.assign(new Error("x"), { message: { detail: 1 } }),
    /\{"detail":1\}/,
  ],
  ["a message that was set later", Object.assign(new Error("x"), { message: "later" }), /later/],
  ["what cannot be stored", new Error("a\u0000b\ud800"), /^Error: a\ufffdb\ufffd/],
])("%s is described", (_what, thrown, pattern) => {
  expect(stackOf(thrown, 4_000)).toMatch(pattern);
});
