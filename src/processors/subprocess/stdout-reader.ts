import { STDOUT_BYTES_MAX, STDOUT_LINE_BYTES_MAX } from "../../core/model/limits.ts";
import type { ProcessorContext } from "../sdk/processor.ts";
import { LineCutter, LineError } from "./line-cutter.ts";
import { parseMessage } from "./message.ts";
import { SubprocessError } from "./subprocess-error.ts";

/** Of a line that is no message, in the error. */
const LINE_SHOWN_MAX = 200;

/**
 * What a command writes to stdout: tells the context, keeps the output. Throws a `SubprocessError` at what is
 * no message, or too much.
 */
export class StdoutReader {
  readonly #context: ProcessorContext;
  readonly #cutter = new LineCutter(STDOUT_LINE_BYTES_MAX);
  #bytes = 0;
  #output: unknown = null;
  #retry_after_ms: number | undefined;

  constructor(context: ProcessorContext) {
    this.#context = context;
  }

  /** The last output so far, or null. */
  get output(): unknown {
    return this.#output;
  }

  /** How long it last said that the next attempt is to wait. */
  get retry_after_ms(): number | undefined {
    return this.#retry_after_ms;
  }

  push(chunk: Buffer): void {
    this.#bytes += chunk.length;
    if (this.#bytes > STDOUT_BYTES_MAX) throw tooLarge(`more than ${STDOUT_BYTES_MAX} bytes to stdout`);
    this.#takeAll(this.#cutter.push(chunk));
  }

  /** Takes a last line that has no end. */
  finish(): void {
    this.#takeAll(this.#cutter.finish());
  }

  #takeAll(lines: Iterable<string>): void {
    try {
      for (const line of lines) {
        // What comes after an abort is nobody's.
        if (this.#context.signal.aborted) return;
        if (line.trim() !== "") this.#take(line);
      }
    } catch (error) {
      if (!(error instanceof LineError)) throw error;
      if (error.kind === "encoding") throw invalid("a line to stdout that is not UTF-8");
      throw tooLarge(`a line to stdout that is longer than ${STDOUT_LINE_BYTES_MAX} bytes`);
    }
  }

  #take(line: string): void {
    const message = parseMessage(line);
    if (message === undefined) {
      const shown = line.length > LINE_SHOWN_MAX ? `${line.slice(0, LINE_SHOWN_MAX)}…` : line;
      throw invalid(
        `a line to stdout that is none of {"progress"}, {"cost"}, {"output"}, {"log"}, {"retry_after_ms"}: ${shown}`,
      );
    }
    if ("progress" in message) this.#context.progress(message.progress, message.message);
    else if ("cost" in message) this.#context.cost(message.cost);
    else if ("retry_after_ms" in message) this.#retry_after_ms = message.retry_after_ms;
    else if ("log" in message) this.#context.log[message.level ?? "info"]({ source: "stdout" }, message.log);
    else this.#output = message.output;
  }
}

function invalid(what: string): SubprocessError {
  return new SubprocessError("output_invalid", `The command wrote ${what}`);
}

function tooLarge(what: string): SubprocessError {
  return new SubprocessError("output_too_large", `The command wrote ${what}`);
}
