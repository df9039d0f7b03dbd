import type { Command } from "commander";
import { z } from "zod";
import { runnerNotFound } from "../../../core/model/not-found.ts";
import type { Drain, RunnerInfo } from "../../../core/model/runner.ts";
import type { Platform } from "../../../core/use-cases/platform.ts";
import { platformAction, withExamples, type CliRun } from "../../terminal/command.ts";
import { formatTime, type Column } from "../../terminal/format.ts";
import { Flag, Id } from "../../terminal/options.ts";

const COLUMNS: readonly Column<RunnerInfo>[] = [
  { title: "ID", cell: (row) => row.id },
  { title: "HOST", cell: (row) => row.host },
  { title: "VERSION", cell: (row) => row.version },
  { title: "SLOTS", cell: (row) => row.slots, right: true },
  { title: "RUNNING", cell: (row) => row.running, right: true },
  { title: "STARTED", cell: (row) => formatTime(row.started_at) },
  { title: "HEARTBEAT", cell: (row) => formatTime(row.heartbeat_at) },
  { title: "DRAINING SINCE", cell: formatDrain, used: (row) => row.draining_at !== null },
];

export function addRunnersCommand(program: Command, run: CliRun): void {
  const { terminal } = run;
  const runners = program.command("runners");
  withExamples(
    runners,
    "iep runners",
    "iep runners --json",
    "iep runners drain <id> --exit",
    "iep runners resume <id>",
  ).action(
    platformAction(run, z.object({}), async (platform) => {
      await terminal.printList(await platform.runners.list(), COLUMNS, {
        empty: "No runner is alive. Start one: iep runner",
      });
    }),
  );

  withExamples(runners.command("drain"), "iep runners drain <id>", "iep runners drain <id> --exit")
    .description("Let a runner take no more jobs and finish what it has. It then waits, or ends with --exit")
    .argument("<id>", "id of the runner: see iep runners")
    .option("--exit", "end the runner when it runs nothing any more; a supervisor may start it again")
    .action(
      platformAction(run, z.object({ id: Id, exit: Flag }), async (platform, { id, exit }) => {
        const runner = await setDrain(platform, id, { exits: exit });
        await terminal.print(runner, () => `${id} drains since ${formatDrain(runner)}`);
        await terminal.say(`Follow it: iep runners. Take it back: iep runners resume ${id}`);
      }),
    );

  withExamples(runners.command("resume"), "iep runners resume <id>")
    .description("Let a runner that drains take jobs again")
    .argument("<id>", "id of the runner: see iep runners")
    .action(
      platformAction(run, z.object({ id: Id }), async (platform, { id }) => {
        const runner = await setDrain(platform, id, undefined);
        await terminal.print(runner, () => `${id} takes jobs`);
      }),
    );
}

async function setDrain({ runners }: Platform, id: string, drain: Drain | undefined): Promise<RunnerInfo> {
  const runner = (await runners.setDrain(id, drain)) ? await runners.findById(id) : undefined;
  if (!runner) throw runnerNotFound(id);
  return runner;
}

function formatDrain({ draining_at, exits_when_drained }: RunnerInfo): string {
  if (draining_at === null) return "-";
  return `${formatTime(draining_at)}${exits_when_drained ? ", then ends" : ""}`;
}
