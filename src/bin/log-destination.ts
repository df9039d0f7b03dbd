import { constants, fstatSync, openSync, writeSync } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";
import { LOG_PENDING_BYTES_MAX } from "../core/model/limits.ts";

/** The pauses before a target that takes nothing is tried again: each twice the one before it. */
const RETRY_MIN_MS = 1;
const RETRY_MAX_MS = 50;
/** So much is written in one call, so that many lines cost one. */
const WRITE_BYTES_MAX = 65_536;

/** What a target answers that will take more as soon as somebody reads. */
const STALLED = new Set(["EAGAIN", "EWOULDBLOCK", "EINTR"]);

/**
 * Writes lines to an open file descriptor, and lets no target stop the process. What a reader does not take
 * in time waits here, up to a limit. Further lines are dropped and counted, and so is every line that a full
 * disk or a closed pipe refuses. The lines of one turn of the event loop are written together.
 */
export class LogDestination {
  readonly #target: number;
  readonly #tellDropped: (count: number) => string;
  #fresh = "";
  /** Under way: perhaps the line that tells how many were dropped, then lines. */
  #pending = Buffer.alloc(0);
  #lines_bytes = 0;
  #told = 0;
  #dropped = 0;
  /** The target has a part of a line, whose rest was dropped. */
  #isTorn = false;
  #isScheduled = false;
  #retry_ms = RETRY_MIN_MS;
  #timer: NodeJS.Timeout | undefined;

  /**
   * `tellDropped` returns the line that says how many were dropped: the first that the target takes again.
   */
  constructor(fd: number, tellDropped: (count: number) => string) {
    this.#target = openWithoutWaiting(fd);
    this.#tellDropped = tellDropped;
    process.on("exit", () => this.#flush());
  }

  /** Takes lines, each with its end. It never throws and never waits. */
  write(lines: string): void {
    if (this.#timer === undefined && this.#isFullWith(lines)) this.#flush();
    if (this.#isFullWith(lines)) {
      this.#dropped += countLines(lines);
      return;
    }
    this.#fresh += lines;
    if (this.#isScheduled || this.#timer !== undefined) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      this.#flush();
    });
  }

  /** Gives a slow reader this long to take what is left. */
  async end(patience_ms: number): Promise<void> {
    const deadline = performance.now() + patience_ms;
    this.#flush();
    while (this.#timer !== undefined && performance.now() < deadline) await wait(RETRY_MAX_MS);
  }

  #isFullWith(lines: string): boolean {
    return this.#fresh.length + this.#pending.length + lines.length > LOG_PENDING_BYTES_MAX;
  }

  #flush(): void {
    while (this.#pending.length > 0 || this.#fresh !== "" || this.#dropped > 0) {
      if (this.#pending.length === 0) this.#takeFresh();
      if (!this.#writeSome()) {
        this.#timer ??= setTimeout(() => this.#retry(), this.#retry_ms).unref();
        return;
      }
      this.#retry_ms = RETRY_MIN_MS;
    }
  }

  #takeFresh(): void {
    const dropped = this.#dropped;
    const head = dropped > 0 ? `${this.#isTorn ? "\n" : ""}${this.#tellDropped(dropped)}` : "";
    this.#pending = Buffer.from(head + this.#fresh);
    this.#lines_bytes = this.#pending.length - Buffer.byteLength(head);
    this.#told = dropped;
    this.#dropped = 0;
    this.#fresh = "";
  }

  /** Returns false when the target takes nothing for now. */
  #writeSome(): boolean {
    const pending = this.#pending;
    try {
      const written = writeSync(this.#target, pending, 0, Math.min(pending.length, WRITE_BYTES_MAX));
      if (written > 0) this.#isTorn = pending[written - 1] !== NEWLINE;
      this.#pending = pending.subarray(written);
      return written > 0;
    } catch (error) {
      if (!STALLED.has(codeOf(error))) this.#drop();
      return false;
    }
  }

  #drop(): void {
    const isTold = this.#pending.length <= this.#lines_bytes;
    const lines = isTold ? this.#pending : this.#pending.subarray(this.#pending.length - this.#lines_bytes);
    this.#dropped += countLines(lines) + (isTold ? 0 : this.#told);
    this.#pending = Buffer.alloc(0);
  }

  #retry(): void {
    this.#timer = undefined;
    this.#retry_ms = Math.min(2 * this.#retry_ms, RETRY_MAX_MS);
    this.#flush();
  }
}

const NEWLINE = 0x0a;

/**
 * Returns a descriptor of the same target, whose writes return at once when nobody reads. Pipes and terminals are
 * opened anew where the kernel allows it, because the flag on ours would hold for everybody who shares it,
 * and somebody who shares it could take it away. Sockets get the flag from Node's own stream.
 */
function openWithoutWaiting(fd: number): number {
  try {
    const target = fstatSync(fd);
    if (target.isFIFO() || target.isCharacterDevice()) {
      return openSync(`/proc/self/fd/${fd}`, constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
    }
  } catch {
    // No /proc, or no right to open it: then as a socket.
  }
  if (fd === 1) process.stdout.on("error", () => undefined);
  if (fd === 2) process.stderr.on("error", () => undefined);
  return fd;
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}

function countLines(lines: string | Buffer): number {
  let count = 0;
  for (let at = lines.indexOf("\n"); at !== -1; at = lines.indexOf("\n", at + 1)) count += 1;
  return count;
}
