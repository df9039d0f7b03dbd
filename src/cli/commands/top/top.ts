import { setTimeout as pause } from "node:timers/promises";
import type { Command } from "commander";
import { z } from "zod";
import { PlatformError } from "../../../core/lib/errors.ts";
import type { Platform } from "../../../core/use-cases/platform.ts";
import { platformAction, withExamples, type CliRun } from "../../terminal/command.ts";
import type { CliContext } from "../../terminal/context.ts";
import { Flag, integer } from "../../terminal/options.ts";
import { createScreen, RESTORE, type ScreenLine } from "../../terminal/screen.ts";
import { EndedRates } from "./rates.ts";
import { readTop, type TopReading } from "./read-top.ts";
import { SORTS, topLines, topSummary } from "./top-lines.ts";

const EVERY_SECONDS = 2;
const EVERY_SECONDS_MAX = 3_600;
const CTRL_C = "\u0003";

type TakeScreen = NonNullable<CliContext["takeScreen"]>;

/** `iep top`: how things stand, drawn anew every few seconds. */
export function addTopCommand(program: Command, run: CliRun): void {
  withExamples(program.command("top"), "iep top", "iep top --every 5", "iep top --once", "iep top --json")
    .option("--every <seconds>", `how often it is read anew (default: ${EVERY_SECONDS})`)
    .option("--once", "print it once and end, also on a terminal")
    .action(
      platformAction(
        run,
        z.object({ every: integer(1, EVERY_SECONDS_MAX).default(EVERY_SECONDS), once: Flag }),
        async (platform, { every, once }) => {
          const { takeScreen } = run.context;
          if (once || run.terminal.json) await printOnce(run, platform);
          else if (takeScreen) await showScreen(run.context, platform, takeScreen, every * 1_000);
          else await printLines(run.context, platform, every * 1_000);
        },
      ),
    );
}

async function printOnce({ terminal }: CliRun, platform: Platform): Promise<void> {
  const reading = await readTop(platform, new EndedRates());
  await terminal.print(documentOf(reading), () =>
    topLines(reading, "waiting")
      .map(({ text }) => text)
      .join("\n"),
  );
}

function documentOf({ overview, runners, submitted, rates, charged }: TopReading): object {
  const { checked_at, attention, now } = overview;
  return {
    checked_at,
    attention,
    now,
    runners,
    rates: { submitted, ...rates },
    charged_cents_per_minute: Object.fromEntries(charged),
  };
}

/** One line at a time, for a log or a pipe, until Ctrl-C. */
async function printLines(context: CliContext, platform: Platform, every_ms: number): Promise<void> {
  const signal = context.interruption?.();
  const rates = new EndedRates();
  const isOver = (): boolean => signal?.aborted === true;
  while (!isOver()) {
    const line = await readTop(platform, rates).then(topSummary, awayLine);
    context.stdout.write(`${line}\n`);
    await pause(every_ms, undefined, { signal }).catch(() => undefined);
  }
}

/** A database that does not answer for a while ends nothing: that is when somebody looks on. */
function awayLine(error: unknown): string {
  if (!(error instanceof PlatformError)) throw error;
  return `${new Date().toISOString().replace(/\.\d+/, "")} away: ${error.message}`;
}

/** Keys: q ends, p stops reading and goes on, s sorts job types in another way, any other reads at once. */
async function showScreen(
  context: CliContext,
  platform: Platform,
  takeScreen: TakeScreen,
  every_ms: number,
): Promise<void> {
  const rates = new EndedRates();
  const screen = createScreen(context);
  const ended = new AbortController();
  let reading = await readTop(platform, rates);
  let [sort, isPaused]: [number, boolean] = [0, false];
  let fault: string | undefined;
  let next = new AbortController();

  const draw = (): void => {
    const by = SORTS[sort % SORTS.length] ?? "waiting";
    const lost: ScreenLine[] = fault === undefined ? [] : [{ text: `away  ${fault}`, tone: "bad" }];
    screen.draw([...lost, ...topLines(reading, by)], {
      text: `q quit   p ${isPaused ? "go on (PAUSED)" : "pause"}   s sort (${by})   every ${every_ms / 1_000} s`,
      tone: "dim",
    });
  };
  const onKey = (key: string): void => {
    if (key === "q" || key === CTRL_C) ended.abort();
    else if (key === "p") isPaused = !isPaused;
    else if (key === "s") sort += 1;
    draw();
    if (key !== "s") next.abort();
  };
  const restore = takeScreen({ onKey, restore: RESTORE });
  context.stdout.on("resize", draw);
  try {
    while (!ended.signal.aborted) {
      draw();
      next = new AbortController();
      const signal = AbortSignal.any([next.signal, ended.signal]);
      await pause(every_ms, undefined, { signal }).catch(() => undefined);
      if (isPaused || ended.signal.aborted) continue;
      try {
        reading = await readTop(platform, rates);
        fault = undefined;
      } catch (error) {
        if (!(error instanceof PlatformError)) throw error;
        fault = error.message;
      }
    }
  } finally {
    context.stdout.off("resize", draw);
    restore();
  }
}
