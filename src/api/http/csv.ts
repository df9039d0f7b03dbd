import { prefers } from "./accepts.ts";

/** A spreadsheet runs text that begins with one of these as a formula. */
const FORMULA_STARTS = /^[=+\-@\t\r]/;
const NEEDS_QUOTES = /[",\r\n]/;

/** `decimal`: a number as text, such as `-0.050`, which keeps its zeros. */
type Cell = string | number | null | { readonly decimal: string };

/**
 * One line of RFC 4180. Text that a spreadsheet would run as a formula gets a leading apostrophe; numbers
 * stay as they are.
 */
export function csvLine(cells: readonly Cell[]): string {
  return `${cells.map(toCell).join(",")}\r\n`;
}

function toCell(cell: Cell): string {
  if (cell === null) return "";
  if (typeof cell === "number") return String(cell);
  if (typeof cell === "object") return cell.decimal;
  const text = FORMULA_STARTS.test(cell) ? `'${cell}` : cell;
  return NEEDS_QUOTES.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Whether an Accept header prefers CSV to JSON. */
export function prefersCsv(accept: string | undefined): boolean {
  return prefers(accept, "text/csv");
}
