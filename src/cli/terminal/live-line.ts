import type { CliContext } from "./context.ts";

/** One line that changes until it ends. */
export interface LiveLine {
  /** On a terminal it takes the place of the one before. Elsewhere each that is another is a line of its own. */
  show(line: string): void;
  /** Leaves the last one where it is. */
  end(): void;
}

const WIDTH = 80;
const CLEAR_REST = "\u001b[K";

export function createLiveLine(stdout: CliContext["stdout"]): LiveLine {
  let shown: string | undefined;
  return {
    show(line) {
      if (line === shown) return;
      shown = line;
      if (!stdout.isTTY) return void stdout.write(`${line}\n`);
      // A line that wraps could not be written over.
      const fitting = Array.from(line).slice(0, Math.max(1, (stdout.columns ?? WIDTH) - 1));
      stdout.write(`\r${fitting.join("")}${CLEAR_REST}`);
    },
    end() {
      if (stdout.isTTY && shown !== undefined) stdout.write("\n");
    },
  };
}
