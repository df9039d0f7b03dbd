import { mkdir, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { createBench } from "./bench.ts";
import { isWholeRun, readOptions, USAGE, type Options } from "./options.ts";
import { killRemotes } from "./processes/remote.ts";
import { describeMachine } from "./report/machine.ts";
import { toMarkdown } from "./report/markdown.ts";
import { toSvg } from "./report/svg.ts";
import { play, type Outcome } from "./scenario.ts";
import { findScenarios } from "./scenarios/all-scenarios.ts";
import { startServers, type Servers } from "./servers/servers.ts";

const EXIT_USAGE = 64;
const EXIT_INTERRUPTED = 130;
const HERE = fileURLToPath(new URL("../", import.meta.url));

const began_at = performance.now();
const say = (line: string): void =>
  console.log(`${((performance.now() - began_at) / 1_000).toFixed(0).padStart(5)} s  ${line}`);

const options = readOrExit();
const servers = await startServers();
const finish = endWhenAsked(servers);
const outcomes: Outcome[] = [];
try {
  await run(servers, options, outcomes);
  const text = await report(servers, outcomes);
  if (options.write || isWholeRun(options)) {
    await writeFile(`${HERE}RESULTS.md`, text);
    await writeFile(`${HERE}results.svg`, toSvg(outcomes));
    say("written: bench/RESULTS.md, bench/results.svg");
  }
} catch (error) {
  // Reports what was measured before the fault, on the terminal only: a run takes half an hour.
  killRemotes();
  if (outcomes.length > 0) await report(servers, outcomes);
  console.error("\nThe run failed.", error);
  process.exitCode = 1;
} finally {
  killRemotes();
  await servers.stop();
}
finish();

/** Plays all scenarios. Each outcome is added to `done` at once. */
async function run(running: Servers, chosen: Options, done: Outcome[]): Promise<void> {
  const bench = createBench(running, chosen);
  if (chosen.profileFolder !== undefined) await mkdir(chosen.profileFolder, { recursive: true });
  for (const scenario of findScenarios(bench, chosen.scenarios))
    done.push(await play(scenario, chosen.rounds, say));
}

async function report(running: Servers, done: readonly Outcome[]): Promise<string> {
  const machine = await describeMachine(await running.createPlace());
  const text = await toMarkdown({ outcomes: done, options, machine });
  console.log(`\n${text}`);
  return text;
}

function readOrExit(): Options {
  try {
    const read = readOptions(process.argv.slice(2));
    // Throws for a wrong scenario before any server is started.
    findScenarios(createBench({} as Servers, read), read.scenarios);
    return read;
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
    process.exit(EXIT_USAGE);
  }
}

/**
 * On Ctrl-C, on SIGTERM, and when `start.mjs` is gone, ends the processes that this run started. Returns what
 * to call when the run is over.
 */
function endWhenAsked(running: Servers): () => void {
  let ending = false;
  const end = (): void => {
    if (ending) return;
    ending = true;
    killRemotes();
    void running.stop().finally(() => process.exit(EXIT_INTERRUPTED));
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, end);
  process.on("disconnect", end);
  return () => {
    ending = true;
    // The channel to `start.mjs` would keep this process alive.
    process.disconnect?.();
  };
}
