import type { Command } from "commander";
import { z } from "zod";
import { platformAction, withExamples, type CliRun } from "../../terminal/command.ts";
import { EXIT_ERROR, EXIT_OK } from "../../terminal/errors.ts";
import { examine, type Finding } from "./examine.ts";
import type { Column } from "../../terminal/format.ts";

const COLUMNS: readonly Column<Finding>[] = [
  { title: "CHECK", cell: (row) => row.check },
  { title: "STATE", cell: (row) => (row.state === "bad" ? "BAD" : row.state) },
  { title: "FOUND", cell: (row) => row.found },
  { title: "FIX", cell: (row) => row.way_out ?? "" },
];

export function addDoctorCommand(program: Command, run: CliRun): void {
  const { context, terminal } = run;
  withExamples(program.command("doctor"), "iep doctor", "iep doctor --json").action(
    platformAction(run, z.object({}), async (platform) => {
      const findings = await examine({ platform, context });
      await terminal.printList(findings, COLUMNS, { empty: "" });
      return findings.some(({ state }) => state === "bad") ? EXIT_ERROR : EXIT_OK;
    }),
  );
}
