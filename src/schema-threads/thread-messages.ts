import type { FieldError } from "../core/lib/field-error.ts";

/** A check, or only a compilation. One is sent after the reply to the one before. */
export interface ToSchemaThread {
  readonly number: number;
  /** Left out when the thread has it. */
  readonly text?: string;
  /** The input as JSON text. Left out: the schema is only compiled. */
  readonly input?: string;
  /** Whether the thread is to drop what it has kept. */
  readonly forget?: boolean;
}

export type FromSchemaThread =
  | { readonly kind: "ready" }
  | { readonly kind: "compiled" }
  | { readonly kind: "checked"; readonly errors: readonly FieldError[] }
  | { readonly kind: "fault"; readonly fault: string };
