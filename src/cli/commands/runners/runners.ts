import type { Command } from "commander";
import { z } from "zod";
import type { RunnerInfo } from "../../../core/model/runner.ts";
import { platformAction, withExamples, type CliRun } from "../../terminal/command.ts";
import { formatTime, type Column } from "../../terminal/format.ts";

const COLUMNS: readonly Column<RunnerInfo>[] = [
  { title: "ID", cell: (row) => row.id },
  { title: "HOST", cell: (row) => row.host },
  { title: "VERSION", cell: (row) => row.version },
  { title: "SLOTS", cell: (row) => row.slots, right: true },
  { title: "STARTED", cell: (row) => formatTime(row.started_at) },
  { title: "HEARTBEAT", cell: (row) => formatTime(row.heartbeat_at) },
];

export function addRunnersCommand(program: Command, run: CliRun): void {
  withExamples(program.command("runners"), "iep runners", "iep runners --json").action(
    platformAction(run, z.object({}), async (platform) => {
      await run.terminal.printList(await platform.runners.list(), COLUMNS, {
        empty: "No runner is alive. Start one: iep runner",
      });
    }),
  );
}
