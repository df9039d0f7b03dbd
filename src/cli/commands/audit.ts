import type { Command } from "commander";
import { z } from "zod";
import { isClean, type AuditRow } from "../../core/audit.ts";
import { platformAction, withExamples, type CliRun } from "../command.ts";
import { EXIT_ERROR, EXIT_OK } from "../errors.ts";
import type { Column } from "../format.ts";

const COLUMNS: readonly Column<AuditRow>[] = [
  { title: "PROMISE", cell: (row) => row.promise },
  { title: "STATE", cell: formatState },
  { title: "SAYS", cell: (row) => row.says },
];

export function addAuditCommand(program: Command, run: CliRun): void {
  withExamples(program.command("audit"), "iep audit", "iep audit --json")
    .description("Check every promise of the platform on its data; exit 1 when one is broken")
    .action(
      platformAction(run, z.object({}), async (platform) => {
        const rows = await platform.audit();
        await run.terminal.printList(rows, COLUMNS, {
          empty: "The audit has no promises: run iep migrate up.",
        });
        return isClean(rows) ? EXIT_OK : EXIT_ERROR;
      }),
    );
}

function formatState(row: AuditRow): string {
  return row.broken === 0 ? "ok" : `BROKEN ${row.broken} (example ${row.example})`;
}
