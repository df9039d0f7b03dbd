import { isProcessor, type Processor } from "../sdk/processor.ts";
import { parseInput, parseOutput } from "../sdk/parse-data.ts";
import { describeThrown } from "../sdk/thrown.ts";
import { defaultExport } from "../user-modules/default-export.ts";
import { importUserModules } from "../user-modules/import-user-modules.ts";
import { RemoteContext } from "./remote-context.ts";
import { fromThrown, type FromRemote, type ToRemote } from "./remote-message.ts";

type Run = Extract<ToRemote, { kind: "run" }>;

/** Returns what takes the runner's messages, where attempts run. `send` takes the messages to the runner. */
export function serveAttempts(send: (message: FromRemote) => void): (message: ToRemote) => void {
  const processors = new Map<string, Promise<Processor>>();
  let running = new AbortController();

  /** Loaded once, as the registry loads it. */
  const load = ({ file, id }: Run): Promise<Processor> => {
    const known = processors.get(file) ?? loadFile(file, id);
    processors.set(file, known);
    return known;
  };

  const runAttempt = async (run: Run): Promise<void> => {
    const stop = new AbortController();
    running = stop;
    const context = new RemoteContext(run, stop.signal, send);
    try {
      const processor = await load(run);
      context.startClock();
      send({ kind: "started" });
      const input = run.parsed ? run.input : parseInput(processor, run.input);
      const output = parseOutput(processor, await processor.run(input, context.given));
      context.end();
      send({ kind: "done", outputJson: output?.text ?? null, cost_cents: context.cost_cents });
    } catch (error) {
      context.end();
      send({ kind: "failed", error: describeThrown(error) });
    }
  };

  return (message) => {
    if (message.kind === "run") void runAttempt(message);
    else running.abort(fromThrown(message.reason));
  };
}

async function loadFile(file: string, id: string): Promise<Processor> {
  const [imported] = await importUserModules([file]);
  if (imported === undefined) throw new Error("nothing was imported");
  if ("error" in imported) {
    throw new Error(`${file} cannot be imported again: ${describeThrown(imported.error).message}`, {
      cause: imported.error,
    });
  }
  const exported = defaultExport(imported.module);
  if (!isProcessor(exported) || exported.id !== id) {
    throw new Error(`${file} no longer has the processor "${id}": start the runner again`);
  }
  return exported;
}
