import { expect, test } from "vitest";
import { LogBudget } from "./log-budget.ts";

const circular: Record<string, unknown> = { name: "a" };
circular["self"] = circular;

const throwing = {
  get bad(): never {
    throw new Error("at a look");
  },
  good: 1,
};

const hostile = new Proxy(
  {},
  {
    ownKeys() {
      throw new Error("no keys");
    },
    getPrototypeOf() {
      throw new Error("no prototype");
    },
  },
);

const deep = (levels: number): unknown => (levels === 0 ? "end" : { next: deep(levels - 1) });

test.each<[string, unknown, unknown]>([
  ["a cycle", circular, { name: "a", self: "[circular]" }],
  ["a big integer", { n: 12n }, { n: "12n" }],
  ["a getter that throws", throwing, { bad: "[cannot be logged]", good: 1 }],
  [
    "toJSON that throws",
    {
      a: {
        toJSON() {
          throw new Error("no");
        },
      },
    },
    { a: "[cannot be logged]" },
  ],
  ["toJSON that returns a cycle", { toJSON: () => circular }, { name: "a", self: "[circular]" }],
  ["a function and a symbol", { f() {}, s: Symbol("x") }, {}],
  ["a date that is none", { at: new Date(Number.NaN) }, { at: null }],
  ["a buffer", { data: Buffer.alloc(3_000_000) }, { data: "[3000000 bytes]" }],
  ["what is too deep", deep(9), expect.anything()],
  [
    "a name that sets the prototype",
    JSON.parse('{"__proto__":{"a":1}}'),
    JSON.parse('{"__proto__":{"a":1}}'),
  ],
  ["half of a pair", { a: "\ud800" }, { a: "\ufffd" }],
  ["no fields", undefined, {}],
  ["null", null, {}],
  ["a number", 3, { value: 3 }],
  ["a proxy that throws", hostile, expect.anything()],
])("%s is logged", (_what, fields, expected) => {
  const line = new LogBudget(10_000).take(fields, "said");
  expect(line?.fields).toEqual(expected);
  expect(() => JSON.stringify(line)).not.toThrow();
  expect(() => structuredClone(line)).not.toThrow();
});

test("an error keeps its stack and its cause", () => {
  const error = new TypeError("outer", { cause: new Error("inner") });
  const line = new LogBudget(10_000).take({ err: error }, "failed");
  expect(line?.fields).toMatchObject({
    err: {
      type: "TypeError",
      message: "outer",
      stack: expect.stringContaining("TypeError: outer") as string,
      cause: { message: "inner" },
    },
  });
  expect(new LogBudget(10_000).take(error, "failed")?.fields).toMatchObject({ err: { message: "outer" } });
});

test("a text in the place of the fields is the message", () => {
  expect(new LogBudget(1_000).take("hello", undefined)).toMatchObject({ fields: {}, message: "hello" });
});

test.each<[string, unknown, unknown]>([
  ["a message", {}, "x".repeat(5_000_000)],
  ["a field", { text: "x".repeat(5_000_000) }, "m"],
  ["many fields", Object.fromEntries(Array.from({ length: 50_000 }, (_, n) => [`k${n}`, n])), "m"],
  ["many elements", { list: Array.from({ length: 500_000 }, (_, n) => n) }, "m"],
  [
    "wide and deep",
    { list: Array.from({ length: 100 }, () => Array.from({ length: 100 }, () => deep(4))) },
    "m",
  ],
])("%s of megabytes is cut to the budget", (_what, fields, message) => {
  const line = new LogBudget(10_000).take(fields, message);
  expect(JSON.stringify(line).length).toBeLessThan(25_000);
});

test("empty lines use the budget up as well; its last line says so", () => {
  const budget = new LogBudget(1_000);
  const lines = Array.from({ length: 100 }, () => budget.take({}, "")).filter((line) => line !== undefined);
  expect(lines.length).toBeLessThan(40);
  expect(lines.map(({ isLast }) => isLast)).toEqual([...lines.slice(1).map(() => false), true]);
});
