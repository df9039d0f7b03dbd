import { resolve } from "node:path";
import { pino, type Logger } from "pino";
import type { CliContext } from "../cli/terminal/context.ts";
import type { KnownProcessor } from "../core/model/trial.ts";
import { processorSchemas } from "../processors/loader/processor-schemas.ts";
import { loadProcessors, type RegisteredProcessor } from "../processors/loader/registry.ts";
import { runTrial } from "../runner/run-trial.ts";
import type { Config } from "./config.ts";
import { DEFAULT_PROCESSORS_DIR } from "./processors-dir.ts";

type LocalProcessors = CliContext["localProcessors"];

/** Guards the process before processors are loaded. Returns what is told of them then. */
type Guard = (log: Logger) => (processors: ReadonlyMap<string, RegisteredProcessor>) => void;

/** The processors of this machine, for the commands that need no database. */
export function localProcessors(
  { PROCESSORS_DIR }: Pick<Config, "PROCESSORS_DIR">,
  guardProcess: Guard,
): LocalProcessors {
  const directory = resolve(PROCESSORS_DIR ?? DEFAULT_PROCESSORS_DIR);
  const load = () =>
    // stdout has what the command prints.
    loadProcessors({ directory, required: PROCESSORS_DIR !== undefined, printsToStderr: true });
  return {
    directory: () => Promise.resolve(directory),
    async list() {
      const { processors, faults } = await load();
      return { directory, faults, processors: processorsOf(processors) };
    },
    async open() {
      // Its lines go to whoever listens. This one only says which levels count.
      const log = pino({ level: "debug" }, { write: () => undefined });
      const guard = guardProcess(log);
      const { processors, faults } = await load();
      guard(processors);
      return {
        known: { directory, faults, processors: processorsOf(processors) },
        run: (trial, listener, signal) => runTrial({ processors, trial, listener, log, signal }),
      };
    },
  };
}

function processorsOf(processors: ReadonlyMap<string, RegisteredProcessor>): KnownProcessor[] {
  const schemas = new Map(
    processorSchemas(processors).map((row) => [row.processing_logic_id, row.input_schema]),
  );
  return [...processors.values()].map((processor): KnownProcessor => {
    const { id, description, place = "runner", origin = null } = processor;
    return { id, description, place, file: origin, input_schema: schemas.get(id) ?? null };
  });
}
