import type { CommandKind } from "./money-commands.ts";

/** How often each command was answered how: `ok`, `idle` (there was nothing to do it to) or a refusal. */
export class Tally {
  readonly counts = new Map<string, number>();
  commands = 0;

  add(kind: CommandKind, answer: string): void {
    const name = `${kind}: ${answer}`;
    this.counts.set(name, (this.counts.get(name) ?? 0) + 1);
  }

  of(kind: CommandKind, answer: string): number {
    return this.counts.get(`${kind}: ${answer}`) ?? 0;
  }

  /** Refusals by code, whichever command they answered. */
  refusals(): Record<string, number> {
    const sums: Record<string, number> = {};
    for (const [name, count] of this.counts) {
      const code = name.slice(name.indexOf(": ") + 2);
      if (code !== "ok" && code !== "idle") sums[code] = (sums[code] ?? 0) + count;
    }
    return sums;
  }
}
