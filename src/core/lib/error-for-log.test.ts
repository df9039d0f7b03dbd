import { pino } from "pino";
import { expect, test } from "vitest";
import { createTestDatabase } from "../../../test/support/database.ts";
import { redisNamespace } from "../../../test/support/redis.ts";
import { runSql } from "../../../test/support/sql.ts";
import { Redis } from "ioredis";
import { errorForLog } from "./error-for-log.ts";
import { PlatformError } from "./errors.ts";

function revoked(): unknown {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

/** What the log of a process has of an error. */
function logged(error: unknown): string {
  const lines: string[] = [];
  pino({ serializers: { err: errorForLog } }, { write: (line) => void lines.push(line) }).warn(
    { err: error },
    "failed",
  );
  return lines.join("");
}

async function caught(run: Promise<unknown>): Promise<unknown> {
  return await run.then(
    () => "no error",
    (error: unknown) => error,
  );
}

test.each([
  [
    "a row in detail",
    "INSERT INTO customers (id, name, email) VALUES (gen_random_uuid(), '', 'sesame@x')",
    "23514",
  ],
  ["a value in the message", "SELECT $1::text::uuid", "22P02"],
  ["a value in JSON", "SELECT ('{\"sesame\": ' || $1::text)::json", "22P02"],
  ["a value that is a date", "SELECT $1::text::date", "22007"],
])("an error of PostgreSQL is logged without %s", async (_what, text, code) => {
  const { url } = await createTestDatabase();
  const error = await caught(runSql(url, text, text.includes("$1") ? ["sesame"] : []));
  expect(JSON.stringify(error) + String(error)).toContain("sesame");
  const line = logged(error);
  expect(line).not.toContain("sesame");
  expect(JSON.parse(line)).toMatchObject({
    err: { code, message: expect.stringMatching(/\w+ \w+ \w+/) as unknown },
  });
});

test("a violated rule is named", async () => {
  const { url } = await createTestDatabase();
  const error = await caught(
    runSql(url, "INSERT INTO customers (id, name, email) VALUES (gen_random_uuid(), '', 'x')"),
  );
  expect(errorForLog(error)).toMatchObject({
    code: "23514",
    constraint: expect.stringContaining("customers") as unknown,
  });
});

test("what Redis refused is logged without its arguments", async () => {
  const redis = new Redis(redisNamespace().url, { lazyConnect: true });
  redis.on("error", () => undefined);
  const error = await caught(redis.call("AUTH", "nobody", "sesame"));
  redis.disconnect();
  expect(JSON.stringify(error)).toContain("sesame");
  expect(logged(error)).not.toContain("sesame");
  expect(logged(error)).toContain("WRONGPASS");
});

test("causes are told with their stacks, in a circle too, and of several failures the first", () => {
  const inner = new Error("the socket broke");
  const outer = new PlatformError("unavailable", "Try again.", {
    cause: new AggregateError([inner], "all failed"),
  });
  const { type, code, message, stack } = errorForLog(outer);
  expect({ type, code, message }).toEqual({
    type: "PlatformError",
    code: "unavailable",
    message: "Try again.: all failed: the socket broke",
  });
  expect(stack).toMatch(
    /Try again[^]*Caused by: AggregateError: all failed[^]*Caused by: Error: the socket broke/,
  );
  inner.cause = outer;
  expect(errorForLog(outer).message.split(": ")).toHaveLength(5);
});

test.each([
  ["a string", "broken"],
  ["nothing", undefined],
  ["null", null],
  ["an object without a prototype", Object.create(null)],
  [
    "getters that throw",
    Object.defineProperty(new Error("x"), "message", {
      get() {
        throw new Error("no");
      },
    }),
  ],
  ["a function whose text throws", Object.assign(() => 1, { toString: () => Symbol("no") })],
  ["a proxy that is of no use any more", revoked()],
  ["a message that is an object", Object.assign(new Error("x"), { message: { a: 1 } })],
])("%s that was thrown is logged", (_what, error: unknown) => {
  expect(JSON.parse(logged(error))).toMatchObject({ msg: "failed" });
  expect(errorForLog(error)).toMatchObject({
    type: expect.any(String) as unknown,
    stack: expect.any(String) as unknown,
  });
});
