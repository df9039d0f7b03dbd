import type { Command } from "commander";
import type { z } from "zod";
import { PlatformError } from "../../core/lib/errors.ts";
import { OperatorError } from "../../core/lib/operator-error.ts";
import type { Platform } from "../../core/use-cases/platform.ts";
import type { CliContext } from "./context.ts";
import { EXIT_OK } from "./errors.ts";
import type { Terminal } from "./terminal.ts";

/** The actor of entries that this program posts: whoever may run it may write to the database. */
export const CLI_ACTOR = "cli";

/** One run of the program, shared by its commands. */
export interface CliRun {
  readonly context: CliContext;
  readonly terminal: Terminal;
  /** Exit code of the command that ran. */
  exitCode: number;
}

/** The work of a command. It returns another exit code than 0 when it worked and found bad news. */
type Work<Arguments extends unknown[]> = (...given: Arguments) => Promise<number | void>;

/** An action for commander: validates the options and arguments, then works. */
export function action<Values>(run: CliRun, schema: z.ZodType<Values>, work: Work<[Values]>) {
  return async (...words: unknown[]): Promise<void> => {
    // Loaded when a command runs: the help of the program needs none of it.
    const { readValues } = await import("./options.ts");
    // Commander passes the command as the last argument of an action.
    const values = await readValues(words.at(-1) as Command, schema);
    try {
      run.exitCode = (await work(values)) ?? EXIT_OK;
    } catch (error) {
      throw await refusalOf(error, run.context);
    }
  };
}

/**
 * An `action` that works on the platform, which is opened only after the options and arguments are validated.
 */
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

/** A database that refuses is no bug, and why it does is the user's to know. Other errors stay as they are. */
async function refusalOf(thrown: unknown, context: CliContext): Promise<unknown> {
  if (thrown instanceof OperatorError) return thrown;
  // What is wrong with its session is said already.
  if (thrown instanceof PlatformError && thrown.cause instanceof OperatorError) return thrown;
  const refusal = await context.explain(thrown);
  if (!refusal) return thrown;
  const { found, way_out } = refusal;
  return new OperatorError("unavailable", `PostgreSQL ${found}. To mend it: ${way_out}.`, { cause: thrown });
}

/** A query that fails because the schema is not that of this version is no bug: the user must run `migrate up`. */
async function explain(thrown: unknown, context: CliContext): Promise<unknown> {
  if (thrown instanceof PlatformError || thrown instanceof OperatorError) return thrown;
  if (await context.explain(thrown)) return thrown;
  const pending = await context.migrations.pending().catch(() => undefined);
  if (!pending || pending.migrations.length + pending.functions.length === 0) return thrown;
  const missing =
    pending.migrations.length > 0
      ? `${pending.migrations.length} migrations have not run on this database`
      : `the database does not have ${pending.functions.join(", ")} as this version has them`;
  return new OperatorError("schema_outdated", `${missing}: run iep migrate up`, { cause: thrown });
}

/** Adds examples at the top of the help of a command. */
export function withExamples(command: Command, ...examples: string[]): Command {
  return command.addHelpText("before", ["Examples:", ...examples.map((line) => `  ${line}`), ""].join("\n"));
}
