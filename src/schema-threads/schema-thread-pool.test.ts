import { expect, test } from "vitest";
import { atTheEnd } from "../../test/support/cleanup.ts";
import { CHECKS_WAITING_MAX, THREAD_SCHEMAS_KEPT_MAX } from "../core/model/limits.ts";
import { SchemaThreadPool } from "./schema-thread-pool.ts";

function createPool(): SchemaThreadPool {
  const pool = new SchemaThreadPool();
  atTheEnd(() => pool.close());
  return pool;
}

const numbered = (number: number, schema: unknown) => ({ number, text: JSON.stringify(schema) });
const HOSTILE = numbered(1, { pattern: "^(a+)+$" });
const PLAIN = numbered(2, { type: "string" });
const BACKTRACKED = `${"a".repeat(40)}!`;

test("a check says what is wrong, and a compilation what is no schema", { timeout: 60_000 }, async () => {
  const pool = createPool();
  expect(await pool.check(PLAIN, 5, "a")).toEqual({ errors: [{ pointer: "", message: "must be string" }] });
  expect(await pool.check(PLAIN, "text", "a")).toEqual({ errors: [] });
  expect(await pool.compile(numbered(3, { type: "string" }))).toEqual({ errors: [] });
  expect(await pool.compile(numbered(4, { type: "objekt" }))).toEqual({
    fault: expect.stringContaining("/type must be one of"),
  });
  expect(await pool.check(numbered(4, { type: "objekt" }), 5, "a")).toEqual({
    fault: expect.stringContaining("/type must be one of"),
  });
});

test(
  "one customer's endless checks are ended one by one, and another's go by",
  { timeout: 60_000 },
  async () => {
    const pool = createPool();
    const order: string[] = [];
    const hostile = Array.from({ length: 3 }, async () => {
      const reply = await pool.check(HOSTILE, BACKTRACKED, "hostile");
      order.push("hostile");
      return reply;
    });
    const patient = Array.from({ length: 3 }, async () => {
      const reply = await pool.check(PLAIN, "text", "patient");
      order.push("patient");
      return reply;
    });
    expect(await Promise.all(patient)).toEqual([{ errors: [] }, { errors: [] }, { errors: [] }]);
    expect(await Promise.all(hostile)).toEqual([{ late: true }, { late: true }, { late: true }]);
    // The last of the patient ones has overtaken the last of the hostile ones, which came before it.
    expect(order.lastIndexOf("patient")).toBeLessThan(order.lastIndexOf("hostile"));
    expect(await pool.check(HOSTILE, "aaa", "hostile")).toEqual({ errors: [] });
  },
);

test("a check that needs too much memory ends alone", { timeout: 60_000 }, async () => {
  const pool = createPool();
  const huge = numbered(5, { uniqueItems: true });
  const nested = Array.from({ length: 100_000 }, (_, n) => [n, "x".repeat(2_000)]);
  expect(await pool.check(huge, nested, "a")).toEqual({ late: true });
  expect(await pool.check(PLAIN, "text", "a")).toEqual({ errors: [] });
});

test("a thread forgets old schemas, and is sent them again", { timeout: 60_000 }, async () => {
  const pool = createPool();
  for (const round of [1, 2]) {
    for (let number = 1; number <= THREAD_SCHEMAS_KEPT_MAX + 5; number += 1) {
      const schema = numbered(number, { const: number });
      expect([round, number, await pool.check(schema, number, "a")]).toEqual([round, number, { errors: [] }]);
    }
  }
});

test(
  "more checks than may wait are refused, and those that wait are not lost",
  { timeout: 60_000 },
  async () => {
    const pool = createPool();
    const checks = Array.from({ length: CHECKS_WAITING_MAX + 1 }, () => pool.check(PLAIN, "text", "a"));
    await expect(pool.check(PLAIN, "text", "b")).rejects.toMatchObject({ code: "unavailable" });
    expect(new Set((await Promise.all(checks)).map((reply) => JSON.stringify(reply)))).toEqual(
      new Set(['{"errors":[]}']),
    );
  },
);
