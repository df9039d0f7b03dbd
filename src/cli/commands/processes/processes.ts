import type { Command } from "commander";
import { z } from "zod";
import { action, withExamples, type CliRun } from "../../terminal/command.ts";
import { Flag } from "../../terminal/options.ts";

/** The long-running processes. They print by themselves, and a signal ends them. */
export function addProcessCommands(program: Command, run: CliRun): void {
  const { processes } = run.context;
  const { json } = run.terminal;

  withExamples(program.command("dev"), "iep dev", "PORT=4000 iep dev", "DATABASE_URL=postgres://… iep dev")
    .option("--stop-with-parent", "stop when the parent process ends")
    .action(
      action(run, z.object({ stopWithParent: Flag }), ({ stopWithParent }) =>
        processes.dev({ stopWithParent, json }),
      ),
    );

  withExamples(program.command("api"), "DATABASE_URL=postgres://… ADMIN_API_KEY=… iep api").action(
    action(run, z.object({}), () => processes.api()),
  );

  withExamples(
    program.command("runner"),
    "DATABASE_URL=postgres://… PROCESSORS_DIR=./processors iep runner",
  ).action(action(run, z.object({}), () => processes.runner()));

  withExamples(program.command("demo"), "iep demo").action(
    action(run, z.object({}), () => processes.demo({ json })),
  );
}
