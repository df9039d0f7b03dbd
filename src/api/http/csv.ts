/** A spreadsheet takes text that begins with one of these for a formula, and would run it. */
const FORMULA_STARTS = /^[=+\-@\t\r]/;
const NEEDS_QUOTES = /[",\r\n]/;

/** One line of RFC 4180. Text is guarded against formulas with a leading apostrophe; numbers go out as they are, minus sign and all. */
export function csvLine(cells: readonly (string | number | null)[]): string {
  return `${cells.map(toCell).join(",")}\r\n`;
}

function toCell(cell: string | number | null): string {
  if (cell === null) return "";
  if (typeof cell === "number") return String(cell);
  const text = FORMULA_STARTS.test(cell) ? `'${cell}` : cell;
  return NEEDS_QUOTES.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Whether an Accept header asks for CSV rather than JSON: named, and liked at least as much as JSON is by name. */
export function prefersCsv(accept: string | undefined): boolean {
  const liking = (type: string): number => {
    const range = accept?.split(",").find((part) => part.split(";", 1)[0]?.trim().toLowerCase() === type);
    if (range === undefined) return 0;
    const quality = /;\s*q\s*=\s*([\d.]+)/i.exec(range)?.[1];
    return quality === undefined ? 1 : Number(quality);
  };
  return liking("text/csv") > 0 && liking("text/csv") >= liking("application/json");
}
