import { setTimeout as pause } from "node:timers/promises";
import type { Command } from "commander";
import { z } from "zod";
import { hasEnded } from "../../../core/model/job.ts";
import { LOG_LEVELS, type LogFilter, type LogLine, type LogPosition } from "../../../core/model/job-log.ts";
import { jobNotFound } from "../../../core/model/not-found.ts";
import type { Platform } from "../../../core/use-cases/platform.ts";
import { platformAction, withExamples, type CliRun } from "../../terminal/command.ts";
import { EXIT_INTERRUPTED, EXIT_OK } from "../../terminal/errors.ts";
import { escapeText } from "../../terminal/format.ts";
import { AttemptNumber, Flag, Id } from "../../terminal/options.ts";

/** Lines that one query reads. */
const PAGE = 1_000;
/** Runners store what they are told twice a second. */
const POLL_MS = 500;

interface Lines {
  readonly id: string;
  readonly filter: LogFilter;
  /** Reads on until the job has ended. */
  readonly follow: boolean;
  readonly signal: AbortSignal | undefined;
}

/** `iep jobs logs`: what the attempts of a job logged. */
export function addLogsCommand(jobs: Command, run: CliRun): void {
  withExamples(
    jobs.command("logs"),
    "iep jobs logs <id>",
    "iep jobs logs <id> --follow",
    "iep jobs logs <id> --attempt 2 --level warn",
  )
    .description("Show what the attempts of a job logged, oldest first")
    .argument("<id>", "id of the job")
    .option("--follow", "go on with new lines until the job ends")
    .option("--attempt <n>", "only lines of this attempt")
    .option("--level <level>", `only lines of this level and above: ${LOG_LEVELS.join(", ")}`)
    .action(
      platformAction(
        run,
        z.object({
          id: Id,
          follow: Flag,
          attempt: AttemptNumber.optional(),
          level: z.enum(LOG_LEVELS).optional(),
        }),
        async (platform, { id, follow, ...filter }) => {
          if (!(await platform.jobs.findById(id))) throw jobNotFound(id);
          const signal = follow ? run.context.interruption?.() : undefined;
          await run.terminal.printRows(readLines(platform, { id, filter, follow, signal }), textOf);
          return signal?.aborted ? EXIT_INTERRUPTED : EXIT_OK;
        },
      ),
    );
}

async function* readLines(
  { jobs, jobLog }: Pick<Platform, "jobs" | "jobLog">,
  { id, filter, follow, signal }: Lines,
): AsyncGenerator<LogLine> {
  let after: LogPosition | undefined;
  for (;;) {
    // Read before the lines: all lines of a job that had ended by then are there.
    const job = follow ? await jobs.findById(id) : undefined;
    const page = (await jobLog.list(id, filter, { limit: PAGE, after })) ?? [];
    for (const { position, ...line } of page) {
      yield line;
      after = position;
    }
    if (page.length === PAGE) continue;
    if (!job || hasEnded(job.status) || signal?.aborted) return;
    await pause(POLL_MS, undefined, { signal }).catch(() => undefined);
  }
}

/** With the time to the millisecond. */
function textOf({ at, attempt, level, message }: LogLine): string {
  return `${at.slice(0, 23).replace("Z", "").padEnd(23)}  ${attempt}  ${level.padEnd(5)}  ${escapeText(message)}`;
}
