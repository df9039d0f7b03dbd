import type { CliContext } from "./context.ts";
import { escapeText } from "./format.ts";

/** One line of a screen. */
export interface ScreenLine {
  readonly text: string;
  readonly tone?: "bad" | "warn" | "title" | "dim";
}

const ESC = "\u001b[";
/** The screen of its own that full-screen programs have, no cursor, and no line goes on in the next one. */
const TAKE = `${ESC}?1049h${ESC}?25l${ESC}?7l`;
export const RESTORE = `${ESC}?7h${ESC}?25h${ESC}?1049l`;
const TONES = { bad: "31;1", warn: "33", title: "1", dim: "2" } as const;
const [WIDTH, HEIGHT] = [80, 24];

/** A screen that is drawn as a whole, in one write: what did not change does not flicker. */
export interface Screen {
  /** Lines and columns that do not fit are left out; `last` is always there, at the bottom. */
  draw(lines: readonly ScreenLine[], last: ScreenLine): void;
}

export function createScreen({ stdout, hasColors = false }: CliContext): Screen {
  let isTaken = false;
  const shown = ({ text, tone }: ScreenLine): string => {
    const fitting = fit(text, stdout.columns ?? WIDTH);
    return hasColors && tone !== undefined ? `${ESC}${TONES[tone]}m${fitting}${ESC}0m` : fitting;
  };
  return {
    draw(lines, last) {
      // The terminal has not taken the one before: a slow line gets fewer frames, not older ones.
      if ("writableNeedDrain" in stdout && stdout.writableNeedDrain === true) return;
      const room = Math.max(0, (stdout.rows ?? HEIGHT) - 1);
      const body = [...lines.slice(0, room), ...emptyLines(room - lines.length), last];
      const rows = body.map((line) => `${shown(line)}${ESC}K`).join("\r\n");
      // Terminals that know `2026` show all of it at once; others leave it aside.
      stdout.write(`${isTaken ? "" : TAKE}${ESC}?2026h${ESC}H${rows}${ESC}J${ESC}?2026l`);
      isTaken = true;
    },
  };
}

function emptyLines(count: number): ScreenLine[] {
  return Array.from({ length: Math.max(0, count) }, () => ({ text: "" }));
}

/** Nothing of users' data reaches the terminal as a command. */
export function fit(text: string, columns: number): string {
  const characters = Array.from(escapeText(text));
  return characters.length <= columns
    ? characters.join("")
    : `${characters.slice(0, Math.max(0, columns - 1)).join("")}…`;
}
