import { CommanderError } from "commander";
import { PlatformError } from "../../core/lib/errors.ts";

export const EXIT_OK = 0;
export const EXIT_ERROR = 1;
export const EXIT_USAGE = 2;
export const EXIT_JOB_NOT_SUCCEEDED = 4;

/** Errors of the command line itself, beside those of the platform. */
const EXIT_CODES = { usage: EXIT_USAGE, schema_outdated: EXIT_ERROR, migration_failed: EXIT_ERROR } as const;
type CliErrorCode = keyof typeof EXIT_CODES;

/** One wrong option or argument, as it is typed: `--amount-cents`, `<id>`. */
interface OptionError {
  readonly option: string;
  readonly message: string;
}

export class CliError extends Error {
  override readonly name = "CliError";
  readonly code: CliErrorCode;
  readonly errors: readonly OptionError[];

  constructor(
    code: CliErrorCode,
    message: string,
    options: { errors?: readonly OptionError[]; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.errors = options.errors ?? [];
  }
}

interface Report {
  readonly exit_code: number;
  /** Already shown, or shown as help: nothing more to say. */
  readonly silent?: boolean;
  readonly message: string;
  /** Wrong fields, as `name: message` pairs for people. */
  readonly lines: readonly (readonly [name: string, message: string])[];
  /** The document for programs. */
  readonly document: { readonly error: Readonly<Record<string, unknown>> };
}

/** What to tell of an error; undefined for one that is not meant for a user, which is a bug or the process's own to tell. */
export function toReport(error: unknown): Report | undefined {
  if (error instanceof CommanderError) return reportOfCommander(error);
  if (error instanceof CliError) {
    const { code, message, errors } = error;
    return {
      exit_code: EXIT_CODES[code],
      message,
      lines: errors.map((one) => [one.option, one.message]),
      document: { error: { code, message, errors } },
    };
  }
  if (error instanceof PlatformError) {
    const { code, message, errors, members } = error;
    return {
      exit_code: EXIT_ERROR,
      message,
      lines: errors.map((one) => [one.pointer, one.message]),
      document: { error: { code, message, errors, ...members } },
    };
  }
  // By name: the migrator's class is a value of src/postgres, of which this folder takes types only.
  if (error instanceof Error && error.name === "MigrationError")
    return toReport(new CliError("migration_failed", error.message, { cause: error }));
  return undefined;
}

const ASKED_FOR = new Set(["commander.helpDisplayed", "commander.version"]);

function reportOfCommander(error: CommanderError): Report {
  const asked = error.exitCode === 0 || ASKED_FOR.has(error.code);
  const message =
    error.code === "commander.help"
      ? "a command is missing here: --help lists them"
      : error.message.replace(/^error: /, "");
  return {
    exit_code: asked ? EXIT_OK : EXIT_USAGE,
    silent: asked,
    message,
    lines: [],
    document: { error: { code: "usage", message, errors: [] } },
  };
}
