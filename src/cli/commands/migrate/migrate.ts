import { Option, type Command } from "commander";
import { z } from "zod";
import { LEASE_SECONDS } from "../../../core/model/limits.ts";
import { OperatorError } from "../../../core/lib/operator-error.ts";
import type { MigrationStatus, RevertRisk } from "../../../core/model/migration.ts";
import { action, withExamples, type CliRun } from "../../terminal/command.ts";
import { UsageError } from "../../terminal/errors.ts";
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
  const say = (line: string): void => void terminal.say(line);
  const migrate = program.command("migrate");
  withExamples(migrate, "iep migrate status", "iep migrate up", "iep migrate down --steps 2");

  withExamples(migrate.command("up"), "iep migrate up")
    .description("Run all migrations that have not run, then apply all functions and views that differ")
    .action(
      action(run, z.object({}), async () => {
        const { migrations, functions } = await context.migrations.up(say);
        await terminal.print({ applied: migrations, functions }, () =>
          [...migrations, ...functions].map((name) => `applied ${name}`).join("\n"),
        );
        if (migrations.length + functions.length === 0)
          await terminal.say("Nothing to do: the schema is up to date.");
      }),
    );

  addDown(migrate, run);

  withExamples(migrate.command("status"), "iep migrate status")
    .description("List all migrations and when they ran")
    .action(
      action(run, z.object({}), async () => {
        await terminal.printList(await context.migrations.status(), COLUMNS, {
          empty: "There are no migrations.",
        });
        const { functions, newerMigrations, newerFunctions } = await context.migrations.pending();
        if (functions.length > 0)
          await terminal.say(`Not up to date: ${functions.join(", ")}. Run iep migrate up.`);
        const newer = [...newerMigrations, ...newerFunctions];
        if (newer.length > 0)
          await terminal.say(`Newer than this release, which works beside it: ${newer.join(", ")}.`);
      }),
    );
}

function addDown(migrate: Command, run: CliRun): void {
  const { context, terminal } = run;
  withExamples(
    migrate.command("down"),
    "iep migrate down",
    "iep migrate down --steps 2",
    "iep migrate down --all --yes",
  )
    .description(
      "Revert the newest migrations, and delete their data. Asks first when there is any, and refuses while runners live",
    )
    .option("--steps <n>", "how many migrations to revert (default: 1)")
    .addOption(
      new Option("--all", "revert all migrations: the database is empty afterwards").conflicts("steps"),
    )
    .option("--yes", "delete the data without asking")
    .action(
      action(
        run,
        z.object({ steps: integer(1, STEPS_MAX).default(1), all: Flag, yes: Flag }),
        async ({ steps: given, all, yes }) => {
          const steps = all ? Number.MAX_SAFE_INTEGER : given;
          await guardDown(run, await context.migrations.risk(steps), yes);
          const reverted = await context.migrations.down(steps, (line) => void terminal.say(line));
          await terminal.print({ reverted }, () =>
            reverted.map((version) => `reverted ${version}`).join("\n"),
          );
          if (reverted.length === 0) await terminal.say("Nothing to do: no migration has run.");
        },
      ),
    );
}

/** Throws unless whoever runs this has agreed to lose the data, and nobody works on it. */
async function guardDown(
  { context, terminal }: CliRun,
  { tables, liveRunners }: RevertRisk,
  yes: boolean,
): Promise<void> {
  if (liveRunners > 0) {
    throw new OperatorError(
      "migration_failed",
      `${liveRunners} runners are alive on this database: stop them, and wait until iep runners lists none ` +
        `(${LEASE_SECONDS} s after one was killed). Nothing was reverted`,
    );
  }
  if (tables.length === 0 || yes) return;
  const lost = `This deletes what is in ${tables.map(({ name, rows }) => `${name} (${rows} rows)`).join(", ")}.`;
  if (context.confirm && !terminal.json && (await context.confirm(lost))) return;
  throw new UsageError(`${lost} Nothing was reverted: make a backup, then add --yes to do it`);
}
