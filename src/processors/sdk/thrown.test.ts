import { expect, test } from "vitest";
import { ERROR_MESSAGE_MAX } from "../../core/model/limits.ts";
import { FatalError, InputError } from "./fatal-error.ts";
import { describeThrown } from "./thrown.ts";

const withMessage = (message: unknown): unknown => Object.assign(new Error("x"), { message });
const throwing = (...names: string[]): Error => {
  const error = new Error("told");
  for (const name of names) {
    Object.defineProperty(error, name, {
      get() {
        throw new Error("no");
      },
    });
  }
  return error;
};
const circular: { self?: unknown } = {};
circular.self = circular;
const revoked = Proxy.revocable({}, {});
revoked.revoke();
const no = (): never => {
  throw new Error("no");
};

const CASES: readonly (readonly [what: string, thrown: unknown, message: string])[] = [
  ["an error", new Error("told"), "told"],
  ["text", "told", "told"],
  ["an object as message", withMessage({ detail: [1] }), '{"detail":[1]}'],
  ["a number as message", withMessage(5), "5"],
  ["a bigint as message", withMessage(5n), "5"],
  ["a symbol as message", withMessage(Symbol("s")), "Symbol(s)"],
  ["a function as message", withMessage(function told() {}), "a function told"],
  ["a circle as message", withMessage(circular), "something that cannot be shown"],
  ["no message", withMessage(undefined), "Error without a message"],
  ["an empty message", new TypeError(""), "TypeError without a message"],
  ["a message that throws", throwing("message"), "Error without a message"],
  ["code, name and stack that throw", throwing("stack", "code", "name"), "told"],
  ["NUL and half a pair", new Error("a\0b \ud83d"), "a\uFFFDb \uFFFD"],
  ["many errors", new AggregateError([new Error("one"), null, "two"]), "one; null; two"],
  ["an object with a message", { message: "told" }, "told"],
  ["an object", { detail: 1 }, '{"detail":1}'],
  ["an object without prototype", Object.create(null), "{}"],
  ["a toString that throws", { toString: no, toJSON: no }, "something that cannot be shown"],
  [
    "a proxy that throws",
    new Proxy({}, { get: no, has: no, getPrototypeOf: no, ownKeys: no }),
    "something that cannot be shown",
  ],
  ["a revoked proxy", revoked.proxy, "something that cannot be shown"],
  ["undefined", undefined, "undefined was thrown"],
  ["null", null, "null was thrown"],
  ["a function", function told() {}, "a function told"],
  ["a bigint", 1n, "1"],
  ["a symbol", Symbol("s"), "Symbol(s)"],
];

// By name: a test of its own for each would print what was thrown, and fail by that.
test.each(CASES.map(([what]) => what))("%s is described", (what) => {
  const [, thrown, message] = CASES.find(([name]) => name === what) ?? [];
  const described = describeThrown(thrown);
  expect({ kind: described.kind, message: described.message }).toEqual({ kind: "other", message });
});

test("a message of megabytes is cut, and not in the middle of a pair", () => {
  const { message } = describeThrown(new Error("👩".repeat(3_000_000)));
  expect(message).toHaveLength(ERROR_MESSAGE_MAX);
  expect(describeThrown(new Error(`x${"👩".repeat(2_000)}`)).message.isWellFormed()).toBe(true);
});

test("the kinds of errors that end a job are kept, with code and fields", () => {
  expect(describeThrown(new FatalError("no", { code: "gone" }))).toMatchObject({
    kind: "fatal",
    code: "gone",
  });
  const fields = [{ pointer: "/n", message: "odd" }];
  expect(describeThrown(new InputError("bad", fields))).toMatchObject({ kind: "input", errors: fields });
  const strange = Object.assign(new InputError("bad"), {
    errors: [null, { pointer: 1n }, throwing("message")],
  });
  expect(describeThrown(strange).errors).toHaveLength(3);
});

test("what is described can be sent to another thread", () => {
  const error = Object.assign(new Error("told"), { code: () => 1, name: Symbol("s"), stack: {} });
  expect(structuredClone(describeThrown(error))).toMatchObject({
    message: "told",
    code: undefined,
    name: "Error",
  });
});
