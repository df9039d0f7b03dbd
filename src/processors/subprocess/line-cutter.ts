/** The bytes are no UTF-8, or a line is longer than allowed. */
export class LineError extends Error {
  override readonly name = "LineError";
  readonly kind: "encoding" | "length";

  constructor(kind: LineError["kind"]) {
    super(kind === "encoding" ? "not UTF-8" : "line too long");
    this.kind = kind;
  }
}

const NEWLINE = 0x0a;
/** A line that comes byte by byte would cost a hundred times its size. */
const PIECES_MAX = 1_000;

/**
 * Cuts bytes as they arrive into lines of text. A character that two chunks share stays whole; holds one line
 * at most.
 */
export class LineCutter {
  readonly #lineBytesMax: number;
  readonly #decoder = new TextDecoder("utf-8", { fatal: true });
  #open: Buffer[] = [];
  #open_bytes = 0;

  constructor(lineBytesMax: number) {
    this.#lineBytesMax = lineBytesMax;
  }

  /**
   * The lines that this chunk completes, without their ends, one by one. Throws a `LineError`; the cutter is
   * of no use afterwards.
   */
  *push(chunk: Buffer): Generator<string> {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
      this.#keep(chunk.subarray(start, end));
      yield this.#takeLine();
      start = end + 1;
    }
    this.#keep(chunk.subarray(start));
  }

  /** The last line, when it has no end of its own. */
  *finish(): Generator<string> {
    if (this.#open_bytes > 0) yield this.#takeLine();
  }

  #keep(bytes: Buffer): void {
    if (bytes.length === 0) return;
    this.#open.push(bytes);
    this.#open_bytes += bytes.length;
    if (this.#open_bytes > this.#lineBytesMax) throw new LineError("length");
    if (this.#open.length > PIECES_MAX) this.#open = [Buffer.concat(this.#open)];
  }

  #takeLine(): string {
    const [first, ...rest] = this.#open;
    const bytes = first !== undefined && rest.length === 0 ? first : Buffer.concat(this.#open);
    this.#open = [];
    this.#open_bytes = 0;
    try {
      return this.#decoder.decode(bytes).replace(/\r$/, "");
    } catch {
      throw new LineError("encoding");
    }
  }
}
