import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import { PARAGRAPHS } from "./texts.ts";

export const KINDS = ["text", "csv", "file", "simulate"] as const;
export type Kind = (typeof KINDS)[number];

/** In [0, 1). */
export type Random = () => number;

export interface DemoInput {
  readonly input_data: unknown;
  /**
   * What must stand in the output, worked out here without the processor; undefined: this input cannot
   * succeed.
   */
  readonly expected: Readonly<Record<string, unknown>> | undefined;
}

/** mulberry32: the same numbers on every run, so that two runs can be compared. */
export function seededRandom(seed: number): Random {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export function between(random: Random, min: number, max: number): number {
  return min + Math.floor(random() * (max - min + 1));
}

/**
 * Real work of each kind. `broken` makes one of the mistakes that customers make, which no schema sees
 * and no further attempt mends.
 */
export const makeInput: Readonly<Record<Kind, (random: Random, broken: boolean) => DemoInput>> = {
  // A mistake in a text is one that the job type's schema sees: such a job is never accepted.
  text(random) {
    const text = makeText(random);
    return { input_data: { text }, expected: { characters: text.length } };
  },
  csv(random, broken) {
    const rows = between(random, 60, 120);
    const csv = makeSalesCsv(random, rows);
    // Decimal commas in one line: two fields too many.
    return broken
      ? { input_data: { csv: `${csv}2026-06-30,Lyon,Kettle,1,29,90,29,90,card\n` }, expected: undefined }
      : { input_data: { csv }, expected: { rows, bad_rows: 0 } };
  },
  file(random, broken) {
    const content = gzipSync(makeSalesCsv(random, between(random, 150, 300)));
    const content_base64 = content.toString("base64");
    const filename = `sales-${between(random, 1_000, 9_999)}.csv.gz`;
    const sha256 = createHash("sha256").update(content).digest("hex");
    // The last byte lost on the way: no longer base64 that is padded.
    return broken
      ? { input_data: { filename, content_base64: content_base64.slice(0, -1) }, expected: undefined }
      : {
          input_data: { filename, content_base64 },
          expected: { filename, sha256, bytes: content.length, media_type: "application/gzip" },
        };
  },
  simulate(random, broken) {
    const duration_ms = between(random, 20, 60);
    return broken
      ? { input_data: { duration_ms, fail: "fatal" }, expected: undefined }
      : { input_data: { duration_ms }, expected: { slept_ms: duration_ms } };
  },
};

function makeText(random: Random): string {
  const first = between(random, 0, PARAGRAPHS.length - 1);
  return Array.from(
    { length: between(random, 2, 4) },
    (_, index) => PARAGRAPHS[(first + index) % PARAGRAPHS.length],
  ).join("\n\n");
}

const STORES = ["Lyon", "Gent", "Malmö", "Porto", "Graz", "Brno"];
const PRODUCTS = [
  ["Kettle", 29.9],
  ["Desk lamp", 44.5],
  ["Wool blanket", 79],
  ['Chair, "Oslo"', 129],
  ["Enamel mug", 8.25],
] as const;
const PAYMENTS = ["card", "card", "card", "cash", "voucher", ""];
const DAY_MS = 86_400_000;
const FIRST_DAY_MS = Date.UTC(2026, 0, 1);

/** Half a year of a shop's sales, as such files are: quoted names, a column that is not always filled in. */
function makeSalesCsv(random: Random, rows: number): string {
  const lines = ["date,store,product,quantity,unit_price,total,payment"];
  for (let row = 0; row < rows; row += 1) {
    const date = new Date(FIRST_DAY_MS + Math.floor((row * 180) / rows) * DAY_MS).toISOString().slice(0, 10);
    const [product, price] = pick(random, PRODUCTS);
    const quantity = between(random, 1, 6);
    const total = (quantity * price).toFixed(2);
    lines.push(
      [
        date,
        pick(random, STORES),
        quote(product),
        quantity,
        price.toFixed(2),
        total,
        pick(random, PAYMENTS),
      ].join(","),
    );
  }
  return `${lines.join("\n")}\n`;
}

function quote(field: string): string {
  return /[",\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field;
}

function pick<T>(random: Random, from: readonly T[]): T {
  // The index is within the list, which is never empty here.
  return from[between(random, 0, from.length - 1)] as T;
}
