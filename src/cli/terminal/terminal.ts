import type { CliContext } from "./context.ts";
import { toReport } from "./errors.ts";
import { formatTable, toLine, type Column } from "./format.ts";

/** The output of a command: results go to stdout, notes and errors to stderr. */
export interface Terminal {
  /** With `--json`: one JSON document on stdout, no notes, errors as JSON. */
  readonly json: boolean;
  /** Prints a result: the document for programs, the text for people. */
  print(document: unknown, text: () => string | Promise<string>): Promise<void>;
  /** Prints a list. Says `empty` if it has no rows, and after a full page that there may be more. */
  printList<Row>(rows: readonly Row[], columns: readonly Column<Row>[], list: List): Promise<void>;
  /**
   * Prints a result that may not fit into memory: the pieces of the document, or of the text, are written as
   * they come. If an error occurs on the way, what was written stays, and the exit code reports the error.
   */
  printPieces(document: AsyncIterable<string>, text: AsyncIterable<string>): Promise<void>;
  /** Prints rows as they come, each on a line. With `--json` they are the elements of one list. */
  printRows<Row>(rows: AsyncIterable<Row>, line: (row: Row) => string): Promise<void>;
  /** Writes a note, for people only. */
  say(line: string): Promise<void>;
  /** Prints an error that is meant for users and returns its exit code. Throws any other error. */
  fail(error: unknown): Promise<number>;
}

interface List {
  readonly empty: string;
  /** Most rows that this page can have. Left out when the list is always complete. */
  readonly limit?: number;
  /** Said after a full page. Left out: to raise the limit. */
  readonly more?: string;
}

export function createTerminal({ stdout, stderr }: CliContext, json: boolean): Terminal {
  async function say(line: string): Promise<void> {
    if (!json) await write(stderr, `${line}\n`);
  }
  async function print(document: unknown, text: () => string | Promise<string>): Promise<void> {
    const output = json ? JSON.stringify(document, null, 2) : await text();
    if (output !== "") await write(stdout, `${output}\n`);
  }
  return {
    json,
    print,
    say,
    async printList(rows, columns, { empty, limit = Infinity, more }) {
      await print(rows, () => (rows.length === 0 ? "" : formatTable(columns, rows)));
      if (rows.length === 0) await say(empty);
      if (rows.length >= limit)
        await say(more ?? `These are the newest ${limit}. There may be more: raise --limit.`);
    },
    async printPieces(document, text) {
      for await (const piece of json ? document : text) await write(stdout, piece);
      await write(stdout, "\n");
    },
    async printRows(rows, line) {
      let opening = "[";
      for await (const row of rows) {
        await write(stdout, json ? `${opening}\n  ${JSON.stringify(row)}` : `${line(row)}\n`);
        opening = ",";
      }
      if (json) await write(stdout, opening === "[" ? "[]\n" : "\n]\n");
    },
    async fail(error) {
      const report = toReport(error);
      if (!report) throw error;
      if (report.silent) return report.exitCode;
      if (json) {
        await write(stderr, `${JSON.stringify(report.document)}\n`);
      } else {
        const lines = report.lines.map(([name, message]) => `  ${name} ${message}`);
        const text = [...`error: ${report.message}`.split("\n"), ...lines].map(toLine).join("\n");
        await write(stderr, `${text}\n`);
      }
      return report.exitCode;
    },
  };
}

/** Resolves when the stream has taken the text, so that a process that then ends loses nothing. */
async function write(stream: NodeJS.WritableStream, text: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    stream.write(text, (error) => (error ? reject(error) : resolve()));
  });
}
