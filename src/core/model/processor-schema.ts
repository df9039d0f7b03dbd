/** What a processor takes. */
export interface ProcessorSchema {
  readonly processing_logic_id: string;
  /** JSON Schema, draft 2020-12; null when the processor does not say. */
  readonly input_schema: object | null;
}

export interface ProcessorSchemaRepository {
  /** Replaces what was registered of these processors. Others stay. */
  register(schemas: readonly ProcessorSchema[]): Promise<void>;
}
