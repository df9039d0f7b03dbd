import { compileSchema } from "../lib/json-schema/compile-schema.ts";
import { SchemaFault } from "../lib/json-schema/schema-fault.ts";

/**
 * What is wrong with a JSON Schema, or undefined when it is one that can be used. A megabyte takes 0.5 s: a
 * process that serves others asks `InputSchemas`.
 */
export function findSchemaFault(schema: unknown): string | undefined {
  if (typeof schema !== "object" || schema === null || Array.isArray(schema))
    return "must be a JSON Schema object";
  try {
    compileSchema(schema);
    return undefined;
  } catch (error) {
    if (!(error instanceof SchemaFault)) throw error;
    return error.describe();
  }
}
