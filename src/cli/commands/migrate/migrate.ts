import { Option, type Command } from "commander";
import { z } from "zod";
import type { MigrationStatus } from "../../../core/model/migration.ts";
import { action, withExamples, type CliRun } from "../../terminal/command.ts";
import { formatTime, type Column } from "../../terminal/format.ts";
import { Flag, integer } from "../../terminal/options.ts";

const STEPS_MAX = 1_000;

const COLUMNS: readonly Column<MigrationStatus>[] = [
  { title: "VERSION", cell: (row) => row.version },
  { title: "NAME", cell: (row) => row.name },
  { title: "APPLIED", cell: (row) => formatTime(row.applied_at) },
];

export function addMigrateCommands(program: Command, run: CliRun): void {
  const { context, terminal } = run;
  const migrate = program.command("migrate").description("Migrate the schema of the database");
  withExamples(migrate, "iep migrate status", "iep migrate up", "iep migrate down --steps 2");

  withExamples(migrate.command("up"), "iep migrate up")
    .description("Run all migrations that have not run, then apply all functions and views that differ")
    .action(
      action(run, z.object({}), async () => {
        const { migrations, functions } = await context.migrations.up();
        await terminal.print({ applied: migrations, functions }, () =>
          [...migrations, ...functions].map((name) => `applied ${name}`).join("\n"),
        );
        if (migrations.length + functions.length === 0)
          await terminal.say("Nothing to do: the schema is up to date.");
      }),
    );

  withExamples(
    migrate.command("down"),
    "iep migrate down",
    "iep migrate down --steps 2",
    "iep migrate down --all",
  )
    .description("Revert the newest migrations. Deletes their data without asking")
    .option("--steps <n>", "how many migrations to revert (default: 1)")
    .addOption(
      new Option("--all", "revert all migrations: the database is empty afterwards").conflicts("steps"),
    )
    .action(
      action(
        run,
        z.object({ steps: integer(1, STEPS_MAX).default(1), all: Flag }),
        async ({ steps, all }) => {
          const reverted = await context.migrations.down(all ? Number.MAX_SAFE_INTEGER : steps);
          await terminal.print({ reverted }, () =>
            reverted.map((version) => `reverted ${version}`).join("\n"),
          );
          if (reverted.length === 0) await terminal.say("Nothing to do: no migration has run.");
        },
      ),
    );

  withExamples(migrate.command("status"), "iep migrate status")
    .description("List all migrations and when they ran")
    .action(
      action(run, z.object({}), async () => {
        await terminal.printList(await context.migrations.status(), COLUMNS, {
          empty: "There are no migrations.",
        });
        const { functions } = await context.migrations.pending();
        if (functions.length > 0)
          await terminal.say(`Not up to date: ${functions.join(", ")}. Run iep migrate up.`);
      }),
    );
}
