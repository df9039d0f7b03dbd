import type { Command } from "commander";
import { z } from "zod";
import { OperatorError } from "../../../core/lib/operator-error.ts";
import { ATTEMPTS_DEFAULT, TIMEOUT_DEFAULT_SECONDS } from "../../../core/model/limits.ts";
import type { KnownProcessors, TrialListener, TrialResult } from "../../../core/model/trial.ts";
import { action, withExamples, type CliRun } from "../../terminal/command.ts";
import { EXIT_INTERRUPTED, EXIT_JOB_NOT_SUCCEEDED, EXIT_OK, EXIT_RETRY } from "../../terminal/errors.ts";
import { toLine } from "../../terminal/format.ts";
import { jsonArgument } from "../../terminal/json-argument.ts";
import { AttemptNumber, CostCents, MaxAttempts, TimeoutSeconds } from "../../terminal/options.ts";
import type { Terminal } from "../../terminal/terminal.ts";

/** The quote of a trial when the command line does not say. */
const COST_CENTS_DEFAULT = 100;
/** Progress is shown this often at most: a loop may tell of every item. */
const PROGRESS_INTERVAL_MS = 100;

const EXIT_CODES: Readonly<Record<TrialResult["outcome"], number>> = {
  succeeded: EXIT_OK,
  failed: EXIT_JOB_NOT_SUCCEEDED,
  retry: EXIT_RETRY,
  cancelled: EXIT_INTERRUPTED,
};

/** `iep processors run`: one attempt on this machine, without a job, a runner or a database. */
export function addRunCommand(processors: Command, run: CliRun): void {
  withExamples(
    processors.command("run <id>"),
    'iep processors run text.shout --input \'{"text":"hello"}\'',
    "iep processors run text.shout --input @input.json --timeout-seconds 5",
    "iep processors run text.shout --input @input.json | jq .text",
  )
    .description(
      "Run one attempt here, without a job. Exit code 4 if the job would fail, 75 if another attempt would follow",
    )
    .option("--input <json|@file|->", "input of the attempt; - reads standard input (default: {})")
    .option("--attempt <n>", "which attempt it is (default: 1)")
    .option("--max-attempts <n>", `attempts that the job would have (default: ${ATTEMPTS_DEFAULT})`)
    .option("--timeout-seconds <n>", `how long it may take (default: ${TIMEOUT_DEFAULT_SECONDS})`)
    .option("--cost-cents <n>", `its quote, the most that it can cost (default: ${COST_CENTS_DEFAULT})`)
    .action(
      action(
        run,
        z.object({
          id: z.string(),
          input: jsonArgument(run.context.stdin).optional(),
          attempt: AttemptNumber.default(1),
          maxAttempts: MaxAttempts.default(ATTEMPTS_DEFAULT),
          timeoutSeconds: TimeoutSeconds.default(TIMEOUT_DEFAULT_SECONDS),
          costCents: CostCents.default(COST_CENTS_DEFAULT),
        }),
        async (values) => {
          const signal = run.context.interruption?.() ?? new AbortController().signal;
          const local = await run.context.localProcessors.open();
          refuseUnknown(values.id, local.known);
          const told = createListener(run.terminal);
          const result = await local.run(
            {
              processing_logic_id: values.id,
              input: values.input === undefined ? {} : values.input,
              attempt: values.attempt,
              max_attempts: values.maxAttempts,
              timeout_seconds: values.timeoutSeconds,
              estimated_cost_cents: values.costCents,
            },
            told.listener,
            signal,
          );
          const progress = told.latestProgress();
          const document = { processor: values.id, ...result, progress, logs: told.logs };
          await run.terminal.print(document, () =>
            result.outcome === "succeeded" ? JSON.stringify(result.output, null, 2) : "",
          );
          for (const line of linesOf(result, values.costCents)) await run.terminal.say(toLine(line));
          return EXIT_CODES[result.outcome];
        },
      ),
    );
}

/** Names what there is, and each file that was left out: the processor may be in it. */
function refuseUnknown(id: string, { processors, faults, directory }: KnownProcessors): void {
  if (processors.some((processor) => processor.id === id)) return;
  const ids = processors.map((processor) => processor.id).toSorted();
  const lines = [
    `there is no processor "${id}": those here and in ${directory} are ${ids.join(", ")}`,
    ...faults.map(({ file, message }) => `left out: ${file}: ${message}`),
  ];
  throw new OperatorError("processors", lines.join("\n"));
}

interface Progress {
  readonly fraction: number;
  readonly message: string | undefined;
}

/** Shows what the attempt tells, and keeps it for the document. */
function createListener(terminal: Terminal): {
  readonly listener: TrialListener;
  readonly logs: readonly { readonly level: string; readonly message: string }[];
  latestProgress(): Progress | null;
} {
  const logs: { level: string; message: string }[] = [];
  let latest: Progress | null = null;
  let shown_at = -Infinity;
  return {
    logs,
    latestProgress: () => latest,
    listener: {
      line(level, message) {
        logs.push({ level, message });
        for (const line of message.split("\n")) void terminal.say(toLine(`${level.padEnd(5)} ${line}`));
      },
      progress(fraction, message) {
        latest = { fraction, message };
        const now = performance.now();
        if (now - shown_at < PROGRESS_INTERVAL_MS && fraction < 1) return;
        shown_at = now;
        void terminal.say(toLine(`${Math.round(fraction * 100)} % ${message ?? ""}`.trimEnd()));
      },
    },
  };
}

function linesOf(result: TrialResult, quote_cents: number): string[] {
  const took = `${(result.run_ms / 1_000).toFixed(2)} s`;
  switch (result.outcome) {
    case "succeeded":
      return [`succeeded in ${took}; of a quote of ${quote_cents} cents it costs ${result.cost_cents}`];
    case "cancelled":
      return [`stopped after ${took}`];
    case "failed":
      return [...errorLines(result.error), `failed after ${took}: no other attempt follows`];
    case "retry":
      return [
        ...errorLines(result.error),
        `failed after ${took}: another attempt would follow in ${(result.delay_ms / 1_000).toFixed(1)} s`,
      ];
  }
}

/** Whoever runs it wrote it: the stack is theirs to see. */
function errorLines({
  code,
  message,
  stack = "",
}: {
  code: string;
  message: string;
  stack?: string | undefined;
}) {
  return [`${code}: ${message}`, ...stack.split("\n").filter((line) => line.trim() !== "")];
}
