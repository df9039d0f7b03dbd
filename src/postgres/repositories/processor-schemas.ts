import type { ProcessorSchema, ProcessorSchemaRepository } from "../../core/model/processor-schema.ts";
import type { Database } from "../connection/database.ts";

export class PostgresProcessorSchemaRepository implements ProcessorSchemaRepository {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async register(schemas: readonly ProcessorSchema[]): Promise<void> {
    if (schemas.length === 0) return;
    // In the order of their ids: runners that start together lock the rows in the same order.
    const ordered = schemas.toSorted((a, b) => (a.processing_logic_id < b.processing_logic_id ? -1 : 1));
    await this.#database.kysely
      .insertInto("processor_schemas")
      .values(
        ordered.map(({ processing_logic_id, input_schema }) => ({
          processing_logic_id,
          input_schema: input_schema === null ? null : JSON.stringify(input_schema),
        })),
      )
      .onConflict((same) =>
        same.column("processing_logic_id").doUpdateSet((row) => ({
          input_schema: row.ref("excluded.input_schema"),
          registered_at: row.ref("excluded.registered_at"),
        })),
      )
      .execute();
  }
}
