import type { Command } from "commander";
import { z } from "zod";
import type { KnownProcessor } from "../../../core/model/trial.ts";
import { action, withExamples, type CliRun } from "../../terminal/command.ts";
import { EXIT_ERROR, EXIT_OK } from "../../terminal/errors.ts";
import { formatTable, toLine, type Column } from "../../terminal/format.ts";
import { addNewCommand } from "./new-processor.ts";
import { addRunCommand } from "./run-processor.ts";

const PLACES: Readonly<Record<KnownProcessor["place"], string>> = {
  runner: "beside others",
  thread: "thread",
  command: "command",
};

const COLUMNS: readonly Column<KnownProcessor>[] = [
  { title: "ID", cell: (row) => row.id },
  { title: "RUNS IN", cell: (row) => PLACES[row.place] },
  { title: "SCHEMA", cell: (row) => (row.input_schema === null ? "-" : "yes") },
  { title: "FILE", cell: (row) => row.file ?? "ships" },
  {
    title: "DESCRIPTION",
    cell: (row) => row.description ?? "",
    used: (row) => row.description !== undefined,
  },
];

export function addProcessorsCommands(program: Command, run: CliRun): void {
  const processors = withExamples(
    program.command("processors"),
    "iep processors new text.shout",
    "iep processors new pdf.pages --command python3",
    "iep processors list",
    'iep processors run text.shout --input \'{"text":"hello"}\'',
  );
  addNewCommand(processors, run);
  withExamples(processors.command("list"), "iep processors list", "iep processors list --json")
    .description("List what a runner would load. Exit code 1 if a file is faulty")
    .action(action(run, z.object({}), () => list(run)));
  addRunCommand(processors, run);
}

async function list({ context, terminal }: CliRun): Promise<number> {
  const known = await context.localProcessors.list();
  await terminal.print(known, () => formatTable(COLUMNS, known.processors));
  for (const { file, message } of known.faults) await terminal.say(toLine(`left out: ${file}: ${message}`));
  return known.faults.length === 0 ? EXIT_OK : EXIT_ERROR;
}
