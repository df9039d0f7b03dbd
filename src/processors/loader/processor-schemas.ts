import { findInputSchema } from "../sdk/find-input-schema.ts";
import { findOutputSchema } from "../sdk/find-output-schema.ts";
import type { ProcessorRegistry } from "./registry.ts";

/** What each processor takes, as runners register it; null where a processor does not say. */
export function processorSchemas(
  processors: ProcessorRegistry,
): { readonly processing_logic_id: string; readonly input_schema: object | null }[] {
  return [...processors.values()].map((processor) => ({
    processing_logic_id: processor.id,
    input_schema: findInputSchema(processor) ?? null,
  }));
}

/** What each processor returns, by its id. One that does not say is left out. */
export function outputSchemas(processors: ProcessorRegistry): Map<string, object> {
  const found = [...processors.values()].map(
    (processor) => [processor.id, findOutputSchema(processor)] as const,
  );
  return new Map(found.flatMap(([id, schema]) => (schema ? [[id, schema]] : [])));
}
