import { z } from "zod";

/** Different values counted of a column; beyond it only "this many or more" is known. */
const DISTINCT_MAX = 10_000;

// A leading zero or more digits than a double holds make a code of figures, not a number: "00123", a card
// number.
const INTEGER = /^[+-]?(?:0|[1-9]\d*)$/;
const NUMBER = /^[+-]?(?:(?:0|[1-9]\d*)(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/;
/** As long as a date-time gets, with nanoseconds and an offset. */
const DATE_LENGTH_MAX = 40;
const DATE_TIME = z.regexes.datetime({ local: true, offset: true });

type ColumnType = "integer" | "number" | "boolean" | "date" | "text" | "empty";

interface ColumnSummary {
  readonly name: string;
  /** What every value that is not missing can be read as, the narrowest first. */
  readonly type: ColumnType;
  readonly count: number;
  readonly missing: number;
  readonly distinct: number;
  /** True: there may be more different values, the counting stopped. */
  readonly distinct_is_capped: boolean;
  /** Of numbers by size, of dates by time as they were written; null for other types. */
  readonly min: number | string | null;
  readonly max: number | string | null;
  readonly mean: number | null;
  readonly sum: number | null;
}

/** Collects the summary of one column, value by value, in memory that does not grow with the rows. */
export interface Column {
  readonly add: (value: string) => void;
  readonly summarize: () => ColumnSummary;
}

export function createColumn(name: string): Column {
  let missing = 0;
  let count = 0;
  const matches = { integer: 0, number: 0, boolean: 0, date: 0 };
  const distinct = new Set<string>();
  let isCapped = false;
  const numbers = createRange();
  const dates = createRange();
  const sum = createSum();

  function add(text: string): void {
    const value = text.trim();
    if (value === "") {
      missing += 1;
      return;
    }
    if (distinct.size < DISTINCT_MAX) distinct.add(value);
    else if (!distinct.has(value)) isCapped = true;
    // A type that one value did not match is out for the column: no more tests for it.
    if (matches.number === count) addNumber(value);
    if (matches.boolean === count && /^(?:true|false)$/i.test(value)) matches.boolean += 1;
    if (matches.date === count) addDate(value);
    count += 1;
  }

  function addNumber(value: string): void {
    const number = Number(value);
    if (!NUMBER.test(value) || !Number.isFinite(number)) return;
    const isInteger = INTEGER.test(value);
    if (isInteger && !Number.isSafeInteger(number)) return;
    matches.number += 1;
    if (isInteger) matches.integer += 1;
    numbers.add(number, value);
    sum.add(number);
  }

  function addDate(value: string): void {
    const time = timeOf(value);
    if (time === undefined) return;
    matches.date += 1;
    dates.add(time, value);
  }

  function summarize(): ColumnSummary {
    const types = ["integer", "number", "boolean", "date"] as const;
    const type = count === 0 ? "empty" : (types.find((each) => matches[each] === count) ?? "text");
    const isNumeric = type === "integer" || type === "number";
    const total = isNumeric ? finiteOrNull(sum.total()) : null;
    const range = isNumeric ? numbers.values() : type === "date" ? dates.texts() : undefined;
    return {
      name,
      type,
      count,
      missing,
      distinct: distinct.size,
      distinct_is_capped: isCapped,
      min: range?.min ?? null,
      max: range?.max ?? null,
      mean: total === null ? null : total / count,
      sum: total,
    };
  }

  return { add, summarize };
}

/** The least and the greatest by `position`, with the text that stood there. */
function createRange() {
  let min: { position: number; text: string } | undefined;
  let max: { position: number; text: string } | undefined;
  return {
    add(position: number, text: string): void {
      if (min === undefined || position < min.position) min = { position, text };
      if (max === undefined || position > max.position) max = { position, text };
    },
    values: () => ({ min: min?.position, max: max?.position }),
    texts: () => ({ min: min?.text, max: max?.text }),
  };
}

/** Neumaier's compensated sum: ten times 0.1 is 1. */
function createSum() {
  let sum = 0;
  let lost = 0;
  return {
    add(value: number): void {
      const next = sum + value;
      lost += Math.abs(sum) >= Math.abs(value) ? sum - next + value : value - next + sum;
      sum = next;
    },
    total: () => sum + lost,
  };
}

/** JSON has no infinity: the sum of huge numbers may leave the doubles. */
function finiteOrNull(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

/**
 * Milliseconds of an ISO 8601 date or date-time that the calendar has; without an offset it is taken as UTC.
 */
function timeOf(value: string): number | undefined {
  if (value.length > DATE_LENGTH_MAX) return undefined;
  if (z.regexes.date.test(value)) return Date.parse(value);
  const text = value.replace(" ", "T");
  if (!DATE_TIME.test(text)) return undefined;
  return Date.parse(/(?:Z|[+-]\d{2}:\d{2})$/.test(text) ? text : `${text}Z`);
}
