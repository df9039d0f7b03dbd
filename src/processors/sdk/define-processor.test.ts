import pino from "pino";
import { expect, expectTypeOf, test } from "vitest";
import { z } from "zod";
import { defineProcessor } from "./define-processor.ts";
import { FatalError, InputError, isFatal } from "./fatal-error.ts";
import { isProcessor, type Processor, type ProcessorContext } from "./processor.ts";
import { runForTest, testContext } from "./test-context.ts";

test("run gets what the schema parsed, typed by it", async () => {
  const processor = defineProcessor({
    id: "add",
    input: z.strictObject({ a: z.number(), b: z.number().default(1) }),
    run(input) {
      expectTypeOf(input).toEqualTypeOf<{ a: number; b: number }>();
      return { sum: input.a + input.b };
    },
  });
  expect(await runForTest(processor, { a: 2 })).toEqual({ sum: 3 });
});

test("processors of different schemas are of one type", () => {
  const processors: Processor[] = [
    defineProcessor({ id: "any", run: (input) => input }),
    defineProcessor({ id: "text", input: z.string(), output: z.number(), run: (text) => text.length }),
  ];
  expect(processors.every(isProcessor)).toBe(true);
});

test("an object of the same shape is not a processor", () => {
  expect(isProcessor({ id: "a", run: () => null })).toBe(false);
  expect(isProcessor(null)).toBe(false);
});

test("what run throws at once is a rejection", async () => {
  const processor = defineProcessor({
    id: "broken",
    run() {
      throw new Error("at once");
    },
  });
  await expect(processor.run(null, testContext())).rejects.toThrow("at once");
});

test.each(["", "Echo", "a..b", "a.", "-a", "a b", "a".repeat(101), 7, undefined])(
  "the id %j is refused",
  (id) => {
    // A definition as JavaScript could pass it.
    const definition = { id, run: () => null } as unknown as Parameters<typeof defineProcessor>[0];
    expect(() => defineProcessor(definition)).toThrow(/`id`.*must be lower-case words/);
  },
);

test.each(["a", "text.statistics", "a_b-c.d2", "a".repeat(100)])("the id %j is accepted", (id) => {
  expect(defineProcessor({ id, run: () => null }).id).toBe(id);
});

test("a wrong definition is refused with every fault named", () => {
  const definition = { id: "x", runs: 1, input: {}, output: 3, description: 4 };
  expect(() => defineProcessor(definition as unknown as Parameters<typeof defineProcessor>[0])).toThrow(
    /`run` must be a function; `description` must be text; `input` must be a zod schema; `output` must be.*unknown: runs/,
  );
});

test("fatal errors and input errors end a job, others do not", () => {
  expect(isFatal(new FatalError("no", { code: "no_such_page" }))).toBe(true);
  expect(isFatal(new InputError("no"))).toBe(true);
  expect(isFatal(new Error("no"))).toBe(false);
  expect(isFatal("no")).toBe(false);
});

test("a fatal error keeps its code and its cause", () => {
  const cause = new Error("inner");
  expect(new FatalError("no", { code: "gone", cause })).toMatchObject({ code: "gone", cause, message: "no" });
});

test("a pino logger is a processor's log", () => {
  expectTypeOf(pino()).toExtend<ProcessorContext["log"]>();
});
