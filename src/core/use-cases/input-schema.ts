import type { FieldError } from "../lib/field-error.ts";
import { compileSchema, type CompiledSchema } from "../lib/json-schema/compile-schema.ts";
import { OutOfSteps } from "../lib/json-schema/run.ts";
import { SchemaFault } from "../lib/json-schema/schema-fault.ts";
import {
  CHECK_MAX_MS,
  INPUT_ERRORS_MAX,
  SCHEMA_CHARACTERS_HERE_MAX,
  SCHEMAS_KEPT_CHARACTERS_MAX,
  SCHEMAS_KEPT_MAX,
} from "../model/limits.ts";
import { findSchemaFault } from "./find-schema-fault.ts";
import type { NumberedSchema, SchemaThreads, ThreadReply } from "../model/schema-threads.ts";

interface Kept extends NumberedSchema {
  /** Undefined: it is compiled in a thread only, because it is large. */
  readonly compiled: CompiledSchema | undefined;
  /** Why it is no schema. */
  readonly fault: string | undefined;
  isDropped: boolean;
}

/**
 * The input schemas of this process: each text is compiled once, and the last used are kept. A check begins
 * in this thread, with the steps that its request has. One that needs more, or has a pattern that may take
 * any time, is done again in a thread that can be ended.
 */
export class InputSchemas {
  readonly #threads: SchemaThreads;
  readonly #byText = new Map<string, Kept>();
  /** By the object of a job type that is cached, so that its text is written once. */
  readonly #byObject = new WeakMap<object, Kept>();
  #characters = 0;
  #lastNumber = 0;

  constructor(threads: SchemaThreads) {
    this.#threads = threads;
  }

  /** What is wrong with a JSON Schema, or undefined when it is one that can be used. */
  async findFault(schema: object): Promise<string | undefined> {
    const text = JSON.stringify(schema);
    if (text.length <= SCHEMA_CHARACTERS_HERE_MAX) return findSchemaFault(schema);
    const reply = await this.#threads.compile({ number: (this.#lastNumber += 1), text });
    if ("late" in reply) return "is too large: it takes more than a few seconds to read";
    return "fault" in reply ? reply.fault : undefined;
  }

  /**
   * Why a schema does not accept an input; empty when it does. A promise only when it has to be checked in
   * another thread. Never rejects or throws for what is wrong with the schema: that fails its own inputs only.
   */
  findErrors(
    schema: object,
    input: unknown,
    { customer_id, budget }: { readonly customer_id: string; readonly budget: { steps: number } },
  ): readonly FieldError[] | Promise<readonly FieldError[]> {
    const kept = this.#find(schema);
    if (kept.fault !== undefined) return [brokenSchema(kept.fault)];
    if (kept.compiled !== undefined && budget.steps > 0) {
      try {
        return kept.compiled.findErrors(input, budget, INPUT_ERRORS_MAX).map(inInput);
      } catch (error) {
        if (!(error instanceof OutOfSteps)) throw error;
      }
    }
    return this.#threads.check(kept, input, customer_id).then(toErrors);
  }

  #find(schema: object): Kept {
    const known = this.#byObject.get(schema);
    if (known !== undefined && !known.isDropped) return known;
    const text = JSON.stringify(schema);
    const kept = this.#byText.get(text) ?? this.#keep(schema, text);
    // Moves it to the end: the first is the one that was used the longest time ago.
    this.#byText.delete(text);
    this.#byText.set(text, kept);
    this.#byObject.set(schema, kept);
    return kept;
  }

  #keep(schema: object, text: string): Kept {
    const isLarge = text.length > SCHEMA_CHARACTERS_HERE_MAX;
    const { compiled, fault } = isLarge ? {} : compile(schema);
    const kept: Kept = { number: (this.#lastNumber += 1), text, compiled, fault, isDropped: false };
    this.#characters += text.length;
    for (const [oldText, old] of this.#byText) {
      if (this.#byText.size < SCHEMAS_KEPT_MAX && this.#characters <= SCHEMAS_KEPT_CHARACTERS_MAX) break;
      old.isDropped = true;
      this.#byText.delete(oldText);
      this.#characters -= oldText.length;
    }
    return kept;
  }
}

function compile(schema: object): { compiled?: CompiledSchema; fault?: string } {
  try {
    return { compiled: compileSchema(schema) };
  } catch (error) {
    if (error instanceof SchemaFault) return { fault: error.describe() };
    throw error;
  }
}

function toErrors(reply: ThreadReply): readonly FieldError[] {
  if ("fault" in reply) return [brokenSchema(reply.fault)];
  if ("errors" in reply) return reply.errors.map(inInput);
  return [
    {
      pointer: "/input_data",
      message: `could not be checked within ${CHECK_MAX_MS} ms: send a smaller input, or ask for a schema that is quicker to check`,
    },
  ];
}

function brokenSchema(fault: string): FieldError {
  return { pointer: "/input_data", message: `cannot be checked: the job type's input schema ${fault}` };
}

function inInput({ pointer, message }: FieldError): FieldError {
  return { pointer: `/input_data${pointer}`, message };
}
