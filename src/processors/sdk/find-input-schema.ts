import { z } from "zod";
import { compileSchema } from "../../core/lib/json-schema/compile-schema.ts";
import { PROCESSOR_SCHEMA_CHARACTERS_MAX } from "../../core/model/limits.ts";
import { loosen } from "./loosen-schema.ts";
import type { Processor } from "./processor.ts";

/**
 * The JSON Schema of what a processor takes; undefined when it does not say, or cannot be said so. It refuses
 * nothing that the processor would take: what JSON Schema says otherwise than zod is left out of it.
 */
export function findInputSchema(processor: Processor): object | undefined {
  try {
    const schema = processor.input_schema ?? (processor.input && fromZod(processor.input));
    if (schema === undefined || JSON.stringify(schema).length > PROCESSOR_SCHEMA_CHARACTERS_MAX)
      return undefined;
    compileSchema(schema);
    return schema;
  } catch {
    // A schema of another version of zod, or one that nobody can write as JSON.
    return undefined;
  }
}

function fromZod(input: z.ZodType): object {
  const {
    $schema: _dialect,
    "~standard": _standard,
    ...schema
  } = z.toJSONSchema(input, {
    io: "input",
    unrepresentable: "any",
    // Its keywords would stand beside those that the schema demands.
    metadata: z.registry(),
    override: loosen,
  });
  return schema;
}
