import { parentPort } from "node:worker_threads";
import { LogBudget } from "../../core/lib/log-budget.ts";
import { ATTEMPT_LOG_MAX } from "../../core/model/limits.ts";
import { isProcessor, type Processor, type ProcessorContext, type ProcessorJob } from "../sdk/processor.ts";
import { defaultExport } from "../user-modules/default-export.ts";
import { importUserModules } from "../user-modules/import-user-modules.ts";
import { fromPlainError, toPlainError, type FromThread, type ToThread } from "./thread-message.ts";

/** Progress goes out this often at most: a loop may tell of every item, and only the latest counts. */
const PROGRESS_INTERVAL_MS = 50;

type Run = Extract<ToThread, { kind: "run" }>;

const processors = new Map<string, Promise<Processor>>();
let running = new AbortController();

parentPort?.on("message", (message: ToThread) => {
  if (message.kind === "run") void runAttempt(message);
  else running.abort(fromPlainError(message.reason));
});

async function runAttempt(run: Run): Promise<void> {
  const stop = new AbortController();
  running = stop;
  const context = new ThreadContext(run.job, stop.signal);
  try {
    const processor = await load(run);
    const output = await processor.run(run.input, context);
    context.end();
    sendOutput(output, context.cost_cents, run.id);
  } catch (error) {
    context.end();
    send({ kind: "failed", error: toPlainError(error) });
  }
}

/** Loaded once a thread, as the registry loads it. */
function load({ file, id }: Run): Promise<Processor> {
  const known = processors.get(file) ?? loadFile(file, id);
  processors.set(file, known);
  return known;
}

async function loadFile(file: string, id: string): Promise<Processor> {
  const [imported] = await importUserModules([file]);
  if (imported === undefined) throw new Error("nothing was imported");
  if ("error" in imported) {
    throw new Error(`${file} cannot be imported in a thread: ${String(imported.error)}`, {
      cause: imported.error,
    });
  }
  const exported = defaultExport(imported.module);
  if (!isProcessor(exported) || exported.id !== id) {
    throw new Error(`${file} no longer has the processor "${id}": start the runner again`);
  }
  return exported;
}

function sendOutput(output: unknown, cost_cents: number | undefined, id: string): void {
  try {
    send({ kind: "done", output, cost_cents });
  } catch (error) {
    const message = `${id} gave an output that is not plain data: ${String(error)}`;
    throw Object.assign(new Error(message, { cause: error }), { code: "output_invalid" });
  }
}

function send(message: FromThread): void {
  // A thread has no origin.
  // oxlint-disable-next-line unicorn/require-post-message-target-origin
  parentPort?.postMessage(message);
}

/**
 * The context of an attempt, at the thread's end. What a processor calls after its attempt is dropped: the
 * next may be running.
 */
class ThreadContext implements ProcessorContext {
  readonly job: ProcessorJob;
  readonly attempt: number;
  readonly signal: AbortSignal;
  readonly log: ProcessorContext["log"];
  cost_cents: number | undefined;
  // Twice what an attempt may log: the runner holds it to the limit and says so. This keeps a loop that logs from
  // filling the runner's memory.
  readonly #budget = new LogBudget(2 * ATTEMPT_LOG_MAX);
  readonly #debugBudget = new LogBudget(2 * ATTEMPT_LOG_MAX);
  #isOver = false;
  #progress: Extract<FromThread, { kind: "progress" }> | undefined;
  #progress_at = 0;

  constructor(job: ProcessorJob, signal: AbortSignal) {
    this.job = job;
    this.attempt = job.attempt;
    this.signal = signal;
    const logAt =
      (level: keyof ProcessorContext["log"]) =>
      (fields: Readonly<Record<string, unknown>>, message?: string): void =>
        this.#log(level, fields, message);
    this.log = { debug: logAt("debug"), info: logAt("info"), warn: logAt("warn"), error: logAt("error") };
  }

  // Bound: processors take what they use out of the context.
  readonly progress = (fraction: number, message?: string): void => {
    if (this.#isOver) return;
    this.#progress = { kind: "progress", fraction, message };
    if (performance.now() - this.#progress_at >= PROGRESS_INTERVAL_MS) this.#sendProgress();
  };

  readonly cost = (cents: number): void => {
    if (!Number.isSafeInteger(cents) || cents < 0) {
      throw new TypeError(`cost(${cents}): whole cents, 0 or more`);
    }
    this.cost_cents = cents;
  };

  end(): void {
    this.#sendProgress();
    this.#isOver = true;
  }

  #sendProgress(): void {
    if (this.#progress === undefined) return;
    send(this.#progress);
    this.#progress = undefined;
    this.#progress_at = performance.now();
  }

  #log(
    level: keyof ProcessorContext["log"],
    fields: Readonly<Record<string, unknown>>,
    message: string | undefined,
  ): void {
    if (this.#isOver) return;
    // The runner drops lines of a level that is off, so they must not use up what the others may have.
    const line = (level === "debug" ? this.#debugBudget : this.#budget).take(fields, message);
    if (line !== undefined) send({ kind: "log", level, fields: line.fields, message: line.message });
  }
}
