import { cut } from "../../core/lib/cut.ts";
import type { FieldError } from "../../core/lib/field-error.ts";
import {
  DETAIL_LENGTH_MAX,
  ERRORS_PER_REQUEST_MAX,
  ERROR_BYTES_PER_REQUEST_MAX,
  POINTER_LENGTH_MAX,
} from "../../core/model/limits.ts";

/** The detail of an error whose wrong fields had no room. */
export const UNLISTED = `Some fields are not valid. The answer to one request lists ${ERRORS_PER_REQUEST_MAX} wrong fields at most.`;

/** What the response to one request may still say about wrong fields. All items of a batch share it. */
export interface ErrorBudget {
  /** Wrong fields that may still be described. */
  toFind: number;
  /** Wrong fields that may still be sent. */
  toList: number;
  /** Bytes that they may still have. */
  bytes: number;
}

export function createErrorBudget(): ErrorBudget {
  return {
    toFind: ERRORS_PER_REQUEST_MAX,
    toList: ERRORS_PER_REQUEST_MAX,
    bytes: ERROR_BYTES_PER_REQUEST_MAX,
  };
}

/** The first of these errors, as many as the budget still has room for, each with its texts cut. */
export function spend(budget: ErrorBudget, errors: readonly FieldError[]): FieldError[] {
  const listed: FieldError[] = [];
  for (const { pointer, message } of errors.slice(0, budget.toList)) {
    // Both can repeat what the client sent: a name can be as long as the body.
    const error = { pointer: cut(pointer, POINTER_LENGTH_MAX), message: cut(message, DETAIL_LENGTH_MAX) };
    budget.bytes -= Buffer.byteLength(JSON.stringify(error));
    if (budget.bytes < 0) budget.toList = 0;
    if (budget.toList === 0) break;
    budget.toList -= 1;
    listed.push(error);
  }
  return listed;
}
