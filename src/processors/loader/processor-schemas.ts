import { findInputSchema } from "../sdk/find-input-schema.ts";
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
