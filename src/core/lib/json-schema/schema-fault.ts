/** Why a text is no JSON Schema that can be used. `pointer` leads into the schema. */
export class SchemaFault extends Error {
  override readonly name = "SchemaFault";
  readonly pointer: string;

  constructor(pointer: string, message: string) {
    super(message);
    this.pointer = pointer;
  }

  /** One sentence for who wrote the schema. */
  describe(): string {
    const where = this.pointer === "" ? "the schema" : this.pointer;
    return `is not a JSON Schema (draft 2020-12) that can be used: ${where} ${this.message}`;
  }
}
