import { Command } from "commander";
import { commandWord, COMMAND_GROUPS, withHelpWord } from "./command-groups.ts";
import { withExamples, type CliRun } from "./terminal/command.ts";
import { VERSION } from "../core/lib/version.ts";
import type { CliContext } from "./terminal/context.ts";
import { EXIT_OK } from "./terminal/errors.ts";
import { createTerminal } from "./terminal/terminal.ts";

/**
 * Runs one command line (without `node` and the script) and returns the exit code: 0 ok, 1 error, 2 wrong
 * usage, 4 the job that was waited for, or the trial of a processor, did not succeed, 75 the trial failed and another
 * attempt would follow, 78 wrong configuration, 130 interrupted. Throws errors that are not meant for users: bugs.
 */
export async function runCli(argv: readonly string[], context: CliContext): Promise<number> {
  const terminal = createTerminal(context, wantsJson(argv));
  const run: CliRun = { context, terminal, exitCode: EXIT_OK };
  try {
    const words = withHelpWord(argv);
    const program = await createProgram(run, commandWord(words));
    await program.parseAsync([...words], { from: "user" });
    return run.exitCode;
  } catch (error) {
    return await terminal.fail(error);
  }
}

/** `--json` may stand anywhere: commander reads options of the program before and after the command. */
function wantsJson(argv: readonly string[]): boolean {
  const end = argv.indexOf("--");
  return (end === -1 ? argv : argv.slice(0, end)).includes("--json");
}

/** Only the code of the command in use is loaded: the help of the program shows the names of the others. */
async function createProgram(run: CliRun, word: string | undefined): Promise<Command> {
  const { context, terminal } = run;
  const columns = (): number | undefined => (context.stdout.isTTY ? context.stdout.columns : undefined);
  const program = new Command("iep")
    .description("A paid job queue: jobs and prepaid wallets in one PostgreSQL transaction")
    .version(VERSION)
    .option("--json", "print one JSON document on stdout, and errors as JSON on stderr")
    .exitOverride()
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: (text) => void context.stdout.write(text),
      writeErr: (text) => void (terminal.json || context.stderr.write(text)),
      // `terminal.fail` prints it, as text or as JSON.
      outputError: () => undefined,
      getOutHelpWidth: () => columns() ?? 80,
      getErrHelpWidth: () => columns() ?? 80,
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    });
  withExamples(
    program,
    "npm start                                             run everything on this machine",
    "iep customers create --name Ada --email ada@example.com",
    "iep wallets top-up <customer-id> --amount-cents 5000 --reference 'invoice 42'",
    "iep jobs submit --customer <customer-id> --type 'Text statistics' --input '{\"text\":\"Hello\"}' --wait",
    "iep audit --json",
  );
  for (const { commands, load } of COMMAND_GROUPS) {
    if (word !== undefined && Object.hasOwn(commands, word)) (await load())(program, run);
    else for (const name of Object.keys(commands)) program.command(name);
    for (const [name, description] of Object.entries(commands))
      program.commands.find((command) => command.name() === name)?.description(description);
  }
  return program;
}
