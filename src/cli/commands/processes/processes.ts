import type { Command } from "commander";
import { z } from "zod";
import { action, withExamples, type CliRun } from "../../terminal/command.ts";
import { Flag } from "../../terminal/options.ts";

/** The long-running processes: they write by themselves, and a signal ends them. */
export function addProcessCommands(program: Command, run: CliRun): void {
  const { processes } = run.context;
  const { json } = run.terminal;

  withExamples(program.command("dev"), "iep dev", "PORT=4000 iep dev", "DATABASE_URL=postgres://… iep dev")
    .description(
      "Everything in one process on this machine: database, migrations, demo data, API and a runner",
    )
    .option("--stop-with-parent", "stop when the process that started this one is gone")
    .action(
      action(run, z.object({ stopWithParent: Flag }), ({ stopWithParent }) =>
        processes.dev({ stopWithParent, json }),
      ),
    );

  withExamples(program.command("api"), "DATABASE_URL=postgres://… ADMIN_API_KEY=… iep api")
    .description("The HTTP API, for production. Its log is JSON lines in any case")
    .action(action(run, z.object({}), () => processes.api()));

  withExamples(program.command("runner"), "DATABASE_URL=postgres://… PROCESSORS_DIR=./processors iep runner")
    .description("A runner of jobs, for production. Its log is JSON lines in any case")
    .action(action(run, z.object({}), () => processes.runner()));

  withExamples(program.command("demo"), "iep demo")
    .description(
      "Work from start to end on a temporary database, with figures; exit 1 when a promise is broken",
    )
    .action(action(run, z.object({}), () => processes.demo({ json })));
}
