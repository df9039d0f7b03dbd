import type { Command } from "commander";
import { z } from "zod";
import type { Platform } from "../../../core/use-cases/platform.ts";
import { readQueue, type QueueState } from "../../../core/use-cases/read-queue.ts";
import type { QueueOverview } from "../../../core/model/waiting-jobs.ts";
import { platformAction, withExamples, type CliRun } from "../../terminal/command.ts";
import { formatSeconds, formatTable, formatTime, type Column } from "../../terminal/format.ts";
import { PRIORITY_NAMES } from "../../terminal/options.ts";

export function addQueueCommand(program: Command, run: CliRun): void {
  const queue = withExamples(
    program.command("queue"),
    "iep queue",
    "iep queue --json",
    "iep queue pause",
    "iep queue resume",
  ).action(platformAction(run, z.object({}), (platform) => printQueue(run, platform)));

  const setPaused = (paused: boolean) =>
    platformAction(run, z.object({}), async (platform) => {
      await platform.waitingJobs.setPaused(paused);
      await printQueue(run, platform);
    });
  withExamples(queue.command("pause"), "iep queue pause")
    .description("Start no jobs until the queue is resumed. Running jobs go on, and new jobs are accepted")
    .action(setPaused(true));
  withExamples(queue.command("resume"), "iep queue resume")
    .description("Start waiting jobs again, except those of paused job types")
    .action(setPaused(false));
}

/** Prints the document of GET /queue, or a table. */
async function printQueue(run: CliRun, platform: Platform): Promise<void> {
  const queue = await readQueue(platform);
  if (queue.ready_queue_status === "unavailable")
    await run.terminal.say(
      "The ready queue cannot be reached: runners take jobs from PostgreSQL. See iep doctor.",
    );
  await run.terminal.print(queue, () =>
    [
      ...formatPause(queue.paused_at),
      formatTable(columns(queue.ready_queue), queue.priorities),
      ...queue.unserved.map(
        ({ name, waiting, processing_logic_id }) =>
          `No runner serves ${name}: ${waiting} jobs wait for the processor ${processing_logic_id}.`,
      ),
    ].join("\n"),
  );
}

function formatPause(paused_at: string | null): string[] {
  return paused_at === null ? [] : [`PAUSED since ${formatTime(paused_at)}. Resume: iep queue resume`, ""];
}

function columns(lengths: QueueState["ready_queue"]): readonly Column<QueueOverview>[] {
  const inRedis: readonly Column<QueueOverview>[] = lengths
    ? [{ title: "IN REDIS", cell: (row) => lengths[row.priority], right: true }]
    : [];
  return [
    { title: "PRIORITY", cell: (row) => `${row.priority} ${PRIORITY_NAMES[row.priority]}` },
    { title: "READY", cell: (row) => row.ready, right: true },
    { title: "BACKLOG", cell: (row) => row.backlog, right: true },
    { title: "SCHEDULED", cell: (row) => row.scheduled, right: true },
    { title: "PARKED", cell: (row) => row.parked, right: true },
    { title: "OLDEST WAIT", cell: (row) => formatWait(row.oldest_wait_seconds), right: true },
    ...inRedis,
  ];
}

function formatWait(seconds: number | null): string {
  return seconds === null ? "-" : formatSeconds(seconds);
}
