import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import { SCHEMA_CHARACTERS_HERE_MAX, SCHEMAS_KEPT_MAX } from "../model/limits.ts";
import type { SchemaThreads, ThreadReply } from "../model/schema-threads.ts";
import { InputSchemas } from "./input-schema.ts";

function createSchemas(reply: ThreadReply = { errors: [] }) {
  const asked: { number: number; text: string }[] = [];
  const threads: SchemaThreads = {
    async compile(schema) {
      asked.push(schema);
      return reply;
    },
    async check(schema) {
      asked.push(schema);
      return reply;
    },
    async close() {},
  };
  const schemas = new InputSchemas(threads);
  const find = (schema: object, input: unknown, steps = 1_000) =>
    schemas.findErrors(schema, input, { customer_id: "a", budget: { steps } });
  return { schemas, find, asked };
}

test("a job type that is read anew every second costs no memory", () => {
  const { find } = createSchemas();
  const text = JSON.stringify({
    type: "object",
    properties: Object.fromEntries(
      Array.from({ length: 60 }, (_, n) => [
        `property_${n}`,
        { type: "string", maxLength: n, pattern: "^a" },
      ]),
    ),
  });
  setFlagsFromString("--expose-gc");
  // The only way to a function that the flag brings in after the start.
  const collect = runInNewContext("gc") as () => void;
  const reread = (times: number): number => {
    for (let n = 0; n < times; n += 1)
      expect(find(JSON.parse(text) as object, { property_5: "b" })).toHaveLength(1);
    collect();
    return process.memoryUsage().heapUsed;
  };
  const before = reread(100);
  expect(reread(3_000) - before).toBeLessThan(5 * 1_048_576);
});

test("only the last used schemas are kept, and one that was dropped is compiled again", () => {
  const { find } = createSchemas();
  const first = { const: "first" };
  expect(find(first, "first")).toEqual([]);
  for (let n = 0; n <= SCHEMAS_KEPT_MAX; n += 1) expect(find({ const: n }, n)).toEqual([]);
  expect(find(first, "first")).toEqual([]);
  expect(find(first, "other")).toHaveLength(1);
});

test("what takes more steps than the request has left is checked in another thread, under one number", async () => {
  const { find, asked } = createSchemas({ errors: [{ pointer: "/0", message: "is wrong" }] });
  const schema = { items: { type: "integer" } };
  const input = Array.from({ length: 2_000 }, () => 1);
  expect(find(schema, [1])).toEqual([]);
  expect(await find(schema, input)).toEqual([{ pointer: "/input_data/0", message: "is wrong" }]);
  await find({ ...schema }, input);
  expect(new Set(asked.map(({ number }) => number)).size).toBe(1);
});

test("a large schema is compiled in another thread only", async () => {
  const { schemas, find, asked } = createSchemas();
  const large = { enum: ["x".repeat(SCHEMA_CHARACTERS_HERE_MAX)] };
  expect(await schemas.findFault(large)).toBeUndefined();
  expect(await find(large, 5)).toEqual([]);
  expect(asked).toHaveLength(2);
});

test("a stored schema that is none refuses its own inputs, with the fault", async () => {
  const { find } = createSchemas();
  expect(find({ type: "objekt" }, 5)).toEqual([
    { pointer: "/input_data", message: expect.stringContaining("/type must be one of") },
  ]);
  expect(find({ type: "integer" }, 5)).toEqual([]);
});

test("a check that was ended is a refusal, not an acceptance", async () => {
  const { find } = createSchemas({ late: true });
  expect(await find({ pattern: "^(a+)+$" }, "a")).toMatchObject([
    { pointer: "/input_data", message: expect.stringContaining("could not be checked") },
  ]);
});
