import type { CliContext } from "./context.ts";
import { toReport } from "./errors.ts";
import { formatTable, toLine, type Column } from "./format.ts";

/** Where a command speaks: what was asked for goes to stdout, talk and errors to stderr. */
export interface Terminal {
  /** With `--json`: one JSON document on stdout, no talk, errors as JSON. */
  readonly json: boolean;
  /** The answer: the document for programs, the text for people. */
  print(document: unknown, text: () => string | Promise<string>): Promise<void>;
  /** `print` of a list. `empty` is said when there is nothing; a full page says that there may be more. */
  printList<Row>(rows: readonly Row[], columns: readonly Column<Row>[], list: List): Promise<void>;
  /**
   * `print` of more than memory may hold: the pieces of the one that is wanted are written as they come, as fast as they are read. An error on the
   * way leaves what was written; the exit code tells.
   */
  printPieces(document: AsyncIterable<string>, text: AsyncIterable<string>): Promise<void>;
  /** Talk, for people only. */
  say(line: string): Promise<void>;
  /** Tells an error that is meant for users and answers the exit code; throws any other. */
  fail(error: unknown): Promise<number>;
}

interface List {
  readonly empty: string;
  /** Most rows that this page could have; left out when the list is always whole. */
  readonly limit?: number;
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
    async printList(rows, columns, { empty, limit = Infinity }) {
      await print(rows, () => (rows.length === 0 ? "" : formatTable(columns, rows)));
      if (rows.length === 0) await say(empty);
      if (rows.length >= limit) await say(`These are the newest ${limit}, and there may be more: --limit.`);
    },
    async printPieces(document, text) {
      for await (const piece of json ? document : text) await write(stdout, piece);
      await write(stdout, "\n");
    },
    async fail(error) {
      const report = toReport(error);
      if (!report) throw error;
      if (report.silent) return report.exit_code;
      if (json) {
        await write(stderr, `${JSON.stringify(report.document)}\n`);
      } else {
        const lines = report.lines.map(([name, message]) => `  ${name} ${message}`);
        const text = [...`error: ${report.message}`.split("\n"), ...lines].map(toLine).join("\n");
        await write(stderr, `${text}\n`);
      }
      return report.exit_code;
    },
  };
}

/** Resolves once the stream has taken the text, so that a process which then ends loses nothing. */
async function write(stream: NodeJS.WritableStream, text: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    stream.write(text, (error) => (error ? reject(error) : resolve()));
  });
}
