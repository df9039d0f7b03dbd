import { StringDecoder } from "node:string_decoder";
import { STDERR_LOGGED_MAX, STDERR_TAIL_MAX } from "../../core/model/limits.ts";
import type { ProcessorContext } from "../sdk/processor.ts";

/** A longer line is logged in pieces. */
const LINE_MAX = 2_000;

/**
 * What a command writes to stderr: lines of the attempt's log, and the end of it for the error. Any bytes
 * will do.
 */
export class StderrLog {
  readonly #log: ProcessorContext["log"];
  readonly #decoder = new StringDecoder("utf8");
  #open = "";
  #logged = 0;
  #tail = "";

  constructor(log: ProcessorContext["log"]) {
    this.#log = log;
  }

  /** The last characters so far. */
  get tail(): string {
    return this.#tail;
  }

  push(chunk: Buffer): void {
    const text = this.#decoder.write(chunk);
    this.#tail = (this.#tail + text).slice(-STDERR_TAIL_MAX);
    if (this.#logged >= STDERR_LOGGED_MAX) return;
    const lines = (this.#open + text).split("\n");
    this.#open = lines.pop() ?? "";
    if (this.#open.length > LINE_MAX) {
      lines.push(this.#open);
      this.#open = "";
    }
    for (const line of lines) this.#write(line);
  }

  /** Logs a last line that has no end. */
  finish(): void {
    this.push(Buffer.from("\n"));
  }

  #write(line: string): void {
    for (let start = 0; start < line.length; start += LINE_MAX) {
      if (this.#logged >= STDERR_LOGGED_MAX) return;
      const piece = line.slice(start, start + LINE_MAX);
      this.#log.info({ source: "stderr" }, piece);
      this.#logged += piece.length;
      if (this.#logged >= STDERR_LOGGED_MAX)
        this.#log.warn({ source: "stderr" }, "more on stderr is left out");
    }
  }
}
