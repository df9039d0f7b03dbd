import { StringDecoder } from "node:string_decoder";
import { STDERR_LOGGED_MAX, STDERR_TAIL_MAX } from "../../core/model/limits.ts";
import type { ProcessorContext } from "../sdk/processor.ts";

/** A longer line is logged in pieces. */
const LINE_MAX = 2_000;
/** Stands where a text was cut: a reader sees it, and so does what looks for secrets. */
const CUT_MARK = "…";

/**
 * What a command writes to stderr: lines of the attempt's log, and the end of it for the error. Any bytes
 * will do.
 */
export class StderrLog {
  readonly #log: ProcessorContext["log"];
  readonly #decoder = new StringDecoder("utf8");
  #open = "";
  /** The beginning of the open line is logged. */
  #isContinued = false;
  #logged = 0;
  #tail = "";

  constructor(log: ProcessorContext["log"]) {
    this.#log = log;
  }

  /** The last characters so far, after a mark when there were more. */
  get tail(): string {
    return this.#tail.length > STDERR_TAIL_MAX
      ? `${CUT_MARK}${this.#tail.slice(-STDERR_TAIL_MAX)}`
      : this.#tail;
  }

  push(chunk: Buffer): void {
    this.#take(this.#decoder.write(chunk));
    if (this.#open.length > LINE_MAX) {
      this.#write(this.#open, true);
      this.#open = "";
    }
  }

  /** Logs a last line that has no end. `isCut`: the command may have wanted to write more. */
  finish(isCut: boolean): void {
    this.#take(this.#decoder.end());
    this.#write(this.#open, isCut && this.#open !== "");
    this.#open = "";
  }

  #take(text: string): void {
    // One more than is shown, to know whether there were more.
    this.#tail = (this.#tail + text).slice(-STDERR_TAIL_MAX - 1);
    if (this.#logged >= STDERR_LOGGED_MAX) return;
    const lines = (this.#open + text).split("\n");
    this.#open = lines.pop() ?? "";
    for (const line of lines) this.#write(line, false);
  }

  #write(line: string, isCut: boolean): void {
    for (let start = 0; start < line.length; start += LINE_MAX) {
      if (this.#logged >= STDERR_LOGGED_MAX) return;
      const piece = line.slice(start, start + LINE_MAX);
      const before = start > 0 || this.#isContinued ? CUT_MARK : "";
      const after = isCut || start + LINE_MAX < line.length ? CUT_MARK : "";
      this.#log.info({ source: "stderr" }, `${before}${piece}${after}`);
      this.#logged += piece.length;
      if (this.#logged >= STDERR_LOGGED_MAX)
        this.#log.warn({ source: "stderr" }, "more on stderr is left out");
    }
    this.#isContinued = isCut;
  }
}
