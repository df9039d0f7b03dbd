import { CommanderError } from "commander";
import { PlatformError } from "../../core/lib/errors.ts";
import { OperatorError, type OperatorErrorCode } from "../../core/lib/operator-error.ts";

export const EXIT_OK = 0;
export const EXIT_ERROR = 1;
export const EXIT_USAGE = 2;
export const EXIT_JOB_NOT_SUCCEEDED = 4;
/** EX_TEMPFAIL of sysexits.h: a trial of a processor failed, and another attempt would follow. */
export const EXIT_RETRY = 75;
/** 128 and the number of SIGINT, as shells say it. */
export const EXIT_INTERRUPTED = 130;
/** EX_CONFIG of sysexits.h: the environment is wrong, and nothing was started. */
const EXIT_CONFIGURATION = 78;

/** The exit code of every error of the program itself. Errors of the platform exit with `EXIT_ERROR`. */
const EXIT_CODES: Readonly<Record<OperatorErrorCode, number>> = {
  usage: EXIT_USAGE,
  configuration: EXIT_CONFIGURATION,
  schema_outdated: EXIT_ERROR,
  migration_failed: EXIT_ERROR,
  unavailable: EXIT_ERROR,
  processors: EXIT_ERROR,
};

/** One wrong option or argument, as it is typed: `--amount-cents`, `<id>`. */
interface OptionError {
  readonly option: string;
  readonly message: string;
}

/** A wrong command line. */
export class UsageError extends OperatorError {
  readonly errors: readonly OptionError[];

  constructor(message: string, errors: readonly OptionError[] = []) {
    super("usage", message);
    this.errors = errors;
  }
}

interface Report {
  readonly exitCode: number;
  /** The help or the version was shown, so there is nothing more to say. */
  readonly silent?: boolean;
  readonly message: string;
  /** Wrong fields, as `name: message` pairs for people. */
  readonly lines: readonly (readonly [name: string, message: string])[];
  /** The document for programs. */
  readonly document: { readonly error: Readonly<Record<string, unknown>> };
}

/** What to tell users about an error; undefined for an error that is not meant for users, which is a bug. */
export function toReport(error: unknown): Report | undefined {
  if (error instanceof CommanderError) return reportOfCommander(error);
  // Whoever runs the program is told more than its customers.
  if (error instanceof PlatformError && error.cause instanceof OperatorError) return toReport(error.cause);
  if (error instanceof OperatorError) {
    const { code, message } = error;
    const errors = error instanceof UsageError ? error.errors : [];
    return {
      exitCode: EXIT_CODES[code],
      message,
      lines: errors.map((one) => [one.option, one.message]),
      document: { error: { code, message, errors } },
    };
  }
  if (error instanceof PlatformError) {
    const { code, message, errors, members } = error;
    return {
      exitCode: EXIT_ERROR,
      message,
      lines: errors.map((one) => [one.pointer, one.message]),
      document: { error: { code, message, errors, ...members } },
    };
  }
  return undefined;
}

const ASKED_FOR = new Set(["commander.helpDisplayed", "commander.version"]);

function reportOfCommander(error: CommanderError): Report {
  const asked = error.exitCode === 0 || ASKED_FOR.has(error.code);
  const message =
    error.code === "commander.help"
      ? "a command is missing here: --help lists all commands"
      : error.message.replace(/^error: /, "");
  return {
    exitCode: asked ? EXIT_OK : EXIT_USAGE,
    silent: asked,
    message,
    lines: [],
    document: { error: { code: "usage", message, errors: [] } },
  };
}
