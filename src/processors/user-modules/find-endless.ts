import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";

/** From the sources the process begins with a JavaScript file that registers tsx; the built package needs none. */
const ENTRY = import.meta.url.endsWith(".ts") ? "./import-trial-entry.mjs" : "./import-trial.js";

const START_MS = 30_000;

/** The process has begun, is about to import a file, or has imported it. */
export type TrialMessage = { readonly ready: true } | { readonly file: string; readonly isDone: boolean };

/**
 * Imports files one after another in a process of its own, and returns those whose import does not end within
 * `import_ms`, or ends the process, with what happened. In our own process an endless loop could not be told, and an
 * import that calls `process.exit` would look like an orderly end. What an import throws is not looked at here.
 */
export async function findEndless(
  files: readonly string[],
  import_ms: number,
): Promise<ReadonlyMap<string, string>> {
  const faults = new Map<string, string>();
  let left = files;
  while (left.length > 0) {
    const found = await tryImports(left, import_ms);
    if (found === undefined) break;
    faults.set(found.file, found.fault);
    left = left.slice(left.indexOf(found.file) + 1);
  }
  return faults;
}

/** Returns the first of the files that is endless, or ends the process. */
function tryImports(
  files: readonly string[],
  import_ms: number,
): Promise<{ file: string; fault: string } | undefined> {
  return new Promise((resolve) => {
    const child = fork(fileURLToPath(new URL(ENTRY, import.meta.url)), {
      // What this process was started with, a test runner's hooks for one, is not for it.
      execArgv: [],
      // What the files print is printed when they are imported for good.
      stdio: ["ignore", "ignore", "ignore", "ipc"],
    });
    let current: string | undefined;
    const end = (found?: { file: string; fault: string }): void => {
      clearTimeout(timer);
      child.kill("SIGKILL");
      resolve(found);
    };
    // A machine that cannot even start it must not keep the runner from starting.
    let timer = setTimeout(end, START_MS);
    const tell = (fault: string): void => end(current === undefined ? undefined : { file: current, fault });
    child.on("message", (message: TrialMessage) => {
      if ("ready" in message) {
        child.send(files, () => undefined);
        return;
      }
      clearTimeout(timer);
      current = message.isDone ? undefined : message.file;
      if (message.isDone && message.file === files.at(-1)) end();
      else if (!message.isDone)
        timer = setTimeout(() => tell(`its import did not end within ${import_ms / 1_000} s`), import_ms);
    });
    child.once("error", () => end());
    child.once("exit", (code, signal) =>
      tell(`its import ended the process (${signal ?? `exit code ${code}`})`),
    );
  });
}
