import type { Command } from "commander";
import { z } from "zod";
import { isClean, type AuditRow } from "../../../core/model/audit.ts";
import type { Platform } from "../../../core/use-cases/platform.ts";
import { platformAction, withExamples, type CliRun } from "../../terminal/command.ts";
import { EXIT_ERROR, EXIT_OK } from "../../terminal/errors.ts";
import { formatDetails, formatTable, type Column } from "../../terminal/format.ts";
import { Flag, LinkCount } from "../../terminal/options.ts";

const COLUMNS: readonly Column<AuditRow>[] = [
  { title: "PROMISE", cell: (row) => row.promise },
  { title: "STATE", cell: formatState },
  { title: "SAYS", cell: (row) => row.says },
];
const Links = LinkCount.optional();
const EMPTY = "The audit found no promises. Run iep migrate up.";

export function addAuditCommand(program: Command, run: CliRun): void {
  withExamples(program.command("audit"), "iep audit", "iep audit --json", "iep audit --seals")
    .option("--seals", "also check that no entry of the ledger was rewritten. Reads all entries")
    .option(
      "--links <n>",
      "with --seals: print the digest of the first n links, to compare with an earlier one",
    )
    .action(
      platformAction(run, z.object({ seals: Flag, links: Links }), async (platform, { seals, links }) => {
        const rows = await platform.audit();
        if (seals || links !== undefined) return await auditSeals(run, platform, rows, links);
        await run.terminal.printList(rows, COLUMNS, { empty: EMPTY });
        return toExitCode(rows);
      }),
    );
}

async function auditSeals(
  { terminal }: CliRun,
  platform: Platform,
  rows: readonly AuditRow[],
  first_links: number | undefined,
): Promise<number> {
  const { row, digest, links, sealed_entries } = await platform.seals.verify(first_links);
  const promises = [...rows, row];
  await terminal.print({ promises, seals: { digest, links, sealed_entries } }, () =>
    [
      formatTable(COLUMNS, promises),
      formatDetails([
        ["digest", digest],
        ["of links", links],
        ["sealed entries", sealed_entries],
      ]),
    ].join("\n\n"),
  );
  if (rows.length === 0) await terminal.say(EMPTY);
  await terminal.say(
    `Keep the digest and the number of links in another place. Unless the history is rewritten, iep audit --seals --links ${links} always prints the same digest.`,
  );
  return toExitCode(rows.length === 0 ? [] : promises);
}

/** Without a row the audit checked nothing, which is an error. */
function toExitCode(rows: readonly AuditRow[]): number {
  return isClean(rows) ? EXIT_OK : EXIT_ERROR;
}

function formatState(row: AuditRow): string {
  return row.broken === 0 ? "ok" : `BROKEN ${row.broken} (example ${row.example})`;
}
