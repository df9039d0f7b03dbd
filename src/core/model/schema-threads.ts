import type { FieldError } from "../lib/field-error.ts";

/** A schema under a number, so that a thread that knows it needs no text again. */
export interface NumberedSchema {
  readonly number: number;
  readonly text: string;
}

/** What came of a check. `late`: it was ended, because it took too much time or memory. */
export type ThreadReply =
  { readonly errors: readonly FieldError[] } | { readonly fault: string } | { readonly late: true };

/** Threads in which schemas are compiled and run that could keep the main thread busy for long. */
export interface SchemaThreads {
  /** Compiles a schema; `errors` is then empty. */
  compile(schema: NumberedSchema): Promise<ThreadReply>;
  /** Checks an input. Customers take turns. Throws `unavailable` when too many checks wait. */
  check(schema: NumberedSchema, input: unknown, customer_id: string): Promise<ThreadReply>;
  close(): Promise<void>;
}
