import type { Command } from "commander";
import type { z } from "zod";
import { PlatformError } from "../../core/lib/errors.ts";
import type { Platform } from "../../core/use-cases/platform.ts";
import type { CliContext } from "./context.ts";
import { CliError, EXIT_OK } from "./errors.ts";
import { readValues } from "./options.ts";
import type { Terminal } from "./terminal.ts";

/** One run of the program: what its commands share. */
export interface CliRun {
  readonly context: CliContext;
  readonly terminal: Terminal;
  /** Of the command that ran. */
  exit_code: number;
}

/** The work of a command: an exit code other than 0 says that it did its work and has bad news. */
type Work<Arguments extends unknown[]> = (...given: Arguments) => Promise<number | void>;

/** A commander action: reads and checks what was typed, then works. */
export function action<Values>(run: CliRun, schema: z.ZodType<Values>, work: Work<[Values]>) {
  return async (...words: unknown[]): Promise<void> => {
    // Commander calls an action with its command last.
    const values = await readValues(words.at(-1) as Command, schema);
    run.exit_code = (await work(values)) ?? EXIT_OK;
  };
}

/** An `action` that works on the platform, which is opened only once the words are known to be right. */
export function platformAction<Values>(
  run: CliRun,
  schema: z.ZodType<Values>,
  work: Work<[platform: Platform, values: Values]>,
) {
  return action(run, schema, async (values) => {
    try {
      return await run.context.withPlatform((platform) => work(platform, values));
    } catch (error) {
      throw await explain(error, run.context);
    }
  });
}

/** A query that fails on a database without our tables is not a bug: the way out is `migrate up`. */
async function explain(thrown: unknown, { migrations }: CliContext): Promise<unknown> {
  if (thrown instanceof PlatformError || thrown instanceof CliError) return thrown;
  const known = await migrations.status().catch(() => []);
  const missing = known.filter(({ applied_at }) => applied_at === null).length;
  if (missing === 0) return thrown;
  return new CliError("schema_outdated", `the database lacks ${missing} migrations: run iep migrate up`, {
    cause: thrown,
  });
}

/** Help leads with examples. */
export function withExamples(command: Command, ...examples: string[]): Command {
  return command.addHelpText("before", ["Examples:", ...examples.map((line) => `  ${line}`), ""].join("\n"));
}
