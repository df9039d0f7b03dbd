import { toDecimal } from "../../core/model/currency.ts";

/** Longer text in the cell of a table is cut; `show` and `--json` print all of it. */
const CELL_LENGTH_MAX = 80;
const GAP = "  ";

/** Formats minor units as `12.34 EUR`, `1234 JPY` or `1.234 KWD`. Undefined: nobody knows the currency. */
export function formatMoney(cents: number, currency: string | undefined): string {
  return currency === undefined ? `${cents} minor units` : `${toDecimal(cents, currency)} ${currency}`;
}

/** A time without the fraction of its second, such as `2026-11-23T21:06:00Z`; a dash for null. */
export function formatTime(time: string | null): string {
  return time === null ? "-" : time.replace(/\.\d+/, "");
}

export function formatSeconds(seconds: number): string {
  return `${seconds.toFixed(1)} s`;
}

const UNITS = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["m", 60_000],
] as const;

/** How long ago, in its largest unit: `45s`, `3m`, `7h`, `120d`. */
export function formatAge(ms: number): string {
  const [unit, length] = UNITS.find(([, unit_ms]) => ms >= unit_ms) ?? ["s", 1_000];
  return `${Math.max(0, Math.floor(ms / length))}${unit}`;
}

export function formatYesNo(value: boolean): string {
  return value ? "yes" : "no";
}

/** Text on one line. No control character of user data reaches the terminal. */
export function toLine(text: string): string {
  return text.replaceAll(/[\p{Cc}\u2028\u2029]+/gu, " ");
}

const ESCAPES: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/**
 * Text of a program on one line, with what a terminal would act on shown as its code: control characters, breaks of
 * lines, and marks that turn the direction of what stands after them.
 */
export function escapeText(text: string): string {
  return text.replaceAll(
    /[\p{Cc}\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu,
    (character) => ESCAPES[character] ?? `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

export interface Column<Row> {
  readonly title: string;
  readonly cell: (row: Row) => string | number;
  /** Aligns the column to the right, for numbers. */
  readonly right?: boolean;
  /** Most characters of a cell. Left out: 80. */
  readonly max?: number;
}

/** A table: a heading and one line for each row, in aligned columns. */
export function formatTable<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string {
  return tableOf(columns)(rows);
}

/**
 * `formatTable` for rows that come in pages. Each call returns the lines of one page, the first call with the
 * heading. Columns can get wider from page to page.
 */
export function tableOf<Row>(columns: readonly Column<Row>[]): (rows: readonly Row[]) => string {
  let heading = [columns.map(({ title }) => title)];
  let widths = columns.map(() => 0);
  return (rows) => {
    const lines = [
      ...heading,
      ...rows.map((row) => columns.map(({ cell, max }) => cut(toLine(String(cell(row))), max))),
    ];
    heading = [];
    widths = widths.map((width, index) =>
      lines.reduce((widest, cells) => Math.max(widest, lengthOf(cells[index] ?? "")), width),
    );
    return lines
      .map((cells) =>
        cells
          .map((cell, index) => pad(cell, widths[index] ?? 0, columns[index]?.right ?? false))
          .join(GAP)
          .trimEnd(),
      )
      .join("\n");
  };
}

export type Detail = readonly [name: string, value: string | number | null | undefined];

/** One line for each property of a thing. Properties without a value are left out. */
export function formatDetails(details: readonly Detail[]): string {
  const present = details.flatMap(([name, value]) =>
    value === null || value === undefined ? [] : [[name, toLine(String(value))] as const],
  );
  const width = Math.max(...present.map(([name]) => name.length));
  return present.map(([name, value]) => `${name.padEnd(width)}${GAP}${value}`.trimEnd()).join("\n");
}

function pad(cell: string, width: number, right: boolean): string {
  const space = " ".repeat(width - lengthOf(cell));
  return right ? space + cell : cell + space;
}

function cut(cell: string, max = CELL_LENGTH_MAX): string {
  const characters = Array.from(cell);
  return characters.length <= max ? cell : `${characters.slice(0, max - 1).join("")}…`;
}

function lengthOf(text: string): number {
  return Array.from(text).length;
}
