import { constants } from "node:os";
import { ERROR_MESSAGE_MAX } from "../../core/model/limits.ts";
import type { ProcessorContext, ProcessorTrace } from "../sdk/processor.ts";
import { FatalError, InputError } from "../sdk/fatal-error.ts";
import { RetryAfter } from "../sdk/retry-after.ts";
import { processorJob } from "../sdk/processor-job.ts";
import { startProcessGroup, type GroupOptions } from "./process-group.ts";
import { StderrLog } from "./stderr-log.ts";
import { StdoutReader } from "./stdout-reader.ts";
import { SubprocessError } from "./subprocess-error.ts";

/** For what is left in the pipes when the command has exited: one that left its group may hold them open. */
const CLOSE_WAIT_MS = 500;

/** Exit codes with a meaning of their own, as `sysexits.h` names them. */
const EX_DATAERR = 65;
const EX_SOFTWARE = 70;
const EX_TEMPFAIL = 75;

export type Command = Omit<GroupOptions, "input">;

/**
 * Runs one attempt in a new process. The job goes in as one JSON document, and lines of JSON come out.
 * Returns the last output, or null. Rejects with the signal's reason as soon as the signal aborts; the
 * processes are gone 2 s later, whatever they do.
 */
export async function runSubprocess(
  command: Command,
  input: unknown,
  context: ProcessorContext,
): Promise<unknown> {
  const { signal } = context;
  signal.throwIfAborted();
  const { attempt, idempotencyKey: idempotency_key, remaining_ms } = context;
  const job = processorJob(context.job);
  const group = startProcessGroup({
    ...command,
    // Once more what stdin has: a shell reads variables more easily than JSON.
    env: {
      ...command.env,
      ...environmentOf(context.trace),
      IEP_IDEMPOTENCY_KEY: idempotency_key,
      IEP_REMAINING_MS: String(remaining_ms),
    },
    input: JSON.stringify({ input: input ?? null, job, attempt, idempotency_key, remaining_ms }),
  });
  const { leader } = group;
  const stdout = new StdoutReader(context);
  const stderr = new StderrLog(context.log);

  return await new Promise((resolve, reject) => {
    let hasFailed = false;
    const fail = (error: unknown): void => {
      hasFailed = true;
      reject(error);
    };
    /** After one fault nothing more is read: the rest would be as wrong. */
    const readOrKill = (read: () => void): void => {
      if (hasFailed) return;
      try {
        read();
      } catch (error) {
        fail(error);
        group.kill();
      }
    };
    const onAbort = (): void => {
      fail(signal.reason);
      group.stop();
    };
    signal.addEventListener("abort", onAbort);
    group.started.catch((error: unknown) => fail(startFault(error)));
    leader.stdout.on("data", (chunk: Buffer) => readOrKill(() => stdout.push(chunk)));
    leader.stderr.on("data", (chunk: Buffer) => readOrKill(() => stderr.push(chunk)));
    leader.once("exit", () => {
      const giveUp = setTimeout(() => {
        leader.stdout.destroy();
        leader.stderr.destroy();
      }, CLOSE_WAIT_MS);
      leader.once("close", () => clearTimeout(giveUp));
    });
    leader.once("close", (code, signalName) => {
      signal.removeEventListener("abort", onAbort);
      readOrKill(() => {
        stderr.finish(code === null);
        // What it says on its last line, which may have no end.
        if (code === EX_TEMPFAIL) stdout.finish();
        if (code !== 0)
          throw exitFault({ code, signalName, stderr: stderr.tail, delay_ms: stdout.retry_after_ms });
        stdout.finish();
        resolve(stdout.output);
      });
    });
  });
}

/** The names that programs with OpenTelemetry look for. */
function environmentOf(trace: ProcessorTrace | undefined): Record<string, string> {
  if (trace === undefined) return {};
  const { traceparent, tracestate } = trace;
  return { TRACEPARENT: traceparent, ...(tracestate === undefined ? {} : { TRACESTATE: tracestate }) };
}

function startFault(error: unknown): SubprocessError {
  const reason = error instanceof Error ? error.message : String(error);
  return new SubprocessError("attempt_failed", `The command cannot be started: ${reason}`, { cause: error });
}

/** How a command ended that did not succeed. */
interface Exit {
  readonly code: number | null;
  readonly signalName: NodeJS.Signals | null;
  readonly stderr: string;
  /** How long it said that the next attempt is to wait. */
  readonly delay_ms: number | undefined;
}

/** What the customer reads has the last line of stderr at most; the operator reads all of its end. */
function exitFault(exit: Exit): Error {
  const said = exit.stderr.trim();
  const what = `The command ended with ${exit.code === null ? exit.signalName : `exit code ${exit.code}`}`;
  const error = faultOf(exit, what, lastLine(said));
  error.stack = said === "" ? `${error.name}: ${what}` : `${error.name}: ${what}\n${said}`;
  return error;
}

function faultOf({ code, signalName, delay_ms }: Exit, what: string, said: string): Error {
  if (code === EX_DATAERR) return new InputError(said || "The command does not accept this input");
  if (code === EX_SOFTWARE) return new FatalError(said || "The command failed for good");
  // Without a time it is any failed attempt, and the next follows after the usual back-off.
  if (code === EX_TEMPFAIL && delay_ms !== undefined)
    return new RetryAfter(said || "The command asked for another attempt later", { delay_ms });
  const message = said === "" ? what : `${what}: ${said}`;
  return new SubprocessError("attempt_failed", message.slice(0, ERROR_MESSAGE_MAX), {
    signal: signalName ?? signalOf(code),
  });
}

/**
 * The last line that says something. Node ends with its version, and languages whose stack comes after the message
 * indent it.
 */
function lastLine(said: string): string {
  const lines = said.split("\n").map((line) => line.trimEnd());
  const telling = lines.findLast((line) => /^[^\s})\]]/.test(line) && !/^Node\.js v\d/.test(line));
  return telling ?? (lines.at(-1) ?? "").trim();
}

/** A shell whose command was ended by a signal exits with 128 and the number of the signal. */
function signalOf(code: number | null): NodeJS.Signals | undefined {
  const number = (code ?? 0) - 128;
  // `entries` forgets that the names are those of signals.
  const names = Object.entries(constants.signals) as [NodeJS.Signals, number][];
  return names.find(([, value]) => value === number)?.[0];
}
