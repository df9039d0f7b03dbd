import { pipeline } from "node:stream/promises";
import { CsvError, parse } from "csv-parse";
import { z } from "zod";
import { createColumn, type Column } from "./csv-column.ts";
import { defineProcessor } from "../sdk/define-processor.ts";
import { shareEventLoop } from "./share-event-loop.ts";
import { InputError } from "../sdk/fatal-error.ts";

const COLUMNS_MAX = 1_000;
/** Longer names are cut in the output: a file may be one name of a megabyte. */
const NAME_LENGTH_MAX = 200;
/** What is parsed between two looks at the clock and the signal: about a millisecond. */
const CHUNK_BYTES = 8_192;
const MESSAGE_LENGTH_MAX = 300;

/** Reads CSV as of RFC 4180, any line ending, byte order mark or not; empty lines do not count. */
export default defineProcessor({
  id: "csv.summary",
  description:
    "Tells of every column of a CSV file what it holds: type, missing and distinct values, range, mean, sum.",
  input: z.strictObject({
    csv: z.string().max(900_000),
    /** One character. */
    delimiter: z
      .string()
      .regex(/^[^"\r\n]$/u, "must be one character, no quote and no line break")
      .default(","),
    /** Whether the first row names the columns; otherwise they are `column_1`, `column_2` … */
    header: z.boolean().default(true),
    /** Leaves out rows with too many or too few fields and counts them, instead of refusing the file. */
    skip_bad_rows: z.boolean().default(false),
  }),
  async run(input, ctx) {
    const eventLoop = shareEventLoop(ctx.signal);
    const bytes = Buffer.from(input.csv);

    async function* chunks(): AsyncGenerator<Buffer> {
      for (let start = 0; start < bytes.length; start += CHUNK_BYTES) {
        if (eventLoop.isDue()) {
          ctx.progress(start / bytes.length);
          await eventLoop.yield();
        }
        yield bytes.subarray(start, start + CHUNK_BYTES);
      }
    }

    let columns: Column[] | undefined;
    let rows = 0;
    let badRows = 0;
    const parser = parse({
      bom: true,
      delimiter: input.delimiter,
      relax_column_count: input.skip_bad_rows,
      skip_empty_lines: true,
    });
    try {
      await pipeline(chunks, parser, async (records: AsyncIterable<string[]>) => {
        for await (const record of records) {
          if (columns === undefined) {
            columns = createColumns(record, input.header);
            if (input.header) continue;
          }
          if (record.length !== columns.length) {
            badRows += 1;
            continue;
          }
          rows += 1;
          for (const [index, column] of columns.entries()) column.add(record[index] ?? "");
        }
      });
    } catch (error) {
      throw error instanceof CsvError ? refusal(error.message) : error;
    }
    return {
      rows,
      bad_rows: badRows,
      columns: (columns ?? []).map((column) => column.summarize()),
    };
  },
});

function createColumns(firstRow: readonly string[], isHeader: boolean): Column[] {
  if (firstRow.length > COLUMNS_MAX) throw refusal(`has more than ${COLUMNS_MAX} columns`);
  return firstRow.map((name, index) => {
    // By code points: half of a surrogate pair is no text that can be stored.
    const shown = isHeader ? Array.from(name.trim()).slice(0, NAME_LENGTH_MAX).join("") : "";
    return createColumn(shown === "" ? `column_${index + 1}` : shown);
  });
}

/** The parser's messages name the line; they may quote a whole field, so they are cut. */
function refusal(reason: string): InputError {
  const message = reason.slice(0, MESSAGE_LENGTH_MAX);
  return new InputError(`/csv: ${message}`, [{ pointer: "/csv", message }]);
}
