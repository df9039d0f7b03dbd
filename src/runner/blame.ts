import { realpathSync } from "node:fs";
import { dirname, sep } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { Logger } from "pino";
import type { ProcessorRegistry } from "../processors/loader/registry.ts";
import { currentScope, liveScopes, MODULE_SCOPE, type CodeScope } from "../processors/sdk/code-scope.ts";
import { ProcessorCrash } from "../processors/sdk/processor-crash.ts";
import { describeThrown } from "../processors/sdk/thrown.ts";

/** Errors that are logged of one attempt, and of the code outside of attempts. The rest is dropped. */
const UNCAUGHT_LOGGED_MAX = 10;

const outside = { uncaught: 0 };

/**
 * Lays an error that nobody caught at the door of the attempt whose code threw it: that attempt fails, and no
 * other. Returns false when it comes from no processor: it is a bug of the platform, after which the process
 * must end.
 */
export function blame(error: unknown, processors: ProcessorRegistry, log: Logger): boolean {
  const scope = scopeOf(error, processors);
  if (scope === undefined) return false;
  const counter = scope === MODULE_SCOPE ? outside : scope;
  counter.uncaught += 1;
  if (counter.uncaught > UNCAUGHT_LOGGED_MAX) return true;
  // Not the error itself: reading it may throw.
  const err = describeThrown(error);
  const rest = counter.uncaught === UNCAUGHT_LOGGED_MAX ? "; further ones are not logged" : "";
  if (scope === MODULE_SCOPE) {
    log.error({ err }, `code of a processor threw outside of its attempts, and nobody caught it${rest}`);
    return true;
  }
  const { job_id, job_type_id, attempt, interrupter } = scope;
  const what = interrupter === undefined ? "an attempt that has ended threw" : "an attempt crashed: it threw";
  log.warn({ job_id, job_type_id, attempt, err }, `${what}, and nobody caught it${rest}`);
  interrupter?.interrupt(ProcessorCrash.by(error));
  return true;
}

/**
 * Whose code threw. Some callbacks lose their attempt; what a module started when it was loaded never had one.
 * Then the stack says which processor it was, and if one attempt of that runs, it is the one. With several,
 * nobody knows: none of them pays for it.
 */
function scopeOf(error: unknown, processors: ProcessorRegistry): CodeScope | undefined {
  const scope = currentScope();
  if (scope !== undefined && scope !== MODULE_SCOPE) return scope;
  const { stack = "" } = describeThrown(error);
  const files = new Set([...processors.values()].flatMap(({ place, file }) => (place ? [] : (file ?? []))));
  for (const file of files) {
    if (!isInStack(stack, file)) continue;
    const [one, ...others] = [...liveScopes].filter((live) => live.file === file);
    return one !== undefined && others.length === 0 ? one : MODULE_SCOPE;
  }
  return scope ?? ([...files].some((file) => isFolderInStack(stack, file)) ? MODULE_SCOPE : undefined);
}

function isInStack(stack: string, file: string): boolean {
  return namesOf(file).some((name) => stack.includes(`${name}:`) || stack.includes(`${name}?`));
}

/** What a processor imports stands beside it. A folder that has the platform itself in it proves nothing. */
function isFolderInStack(stack: string, file: string): boolean {
  const folders = namesOf(file).map((name) => `${dirname(name)}${name.startsWith("file:") ? "/" : sep}`);
  const ours = [fileURLToPath(import.meta.url), import.meta.url];
  return folders.some((folder) => stack.includes(folder) && !ours.some((own) => own.startsWith(folder)));
}

/** As a stack may show it: with links followed, as a path or as a URL. */
function namesOf(file: string): string[] {
  let path = file;
  try {
    path = realpathSync(file);
  } catch {
    // It has been deleted since.
  }
  return [...new Set([file, path])].flatMap((name) => [name, pathToFileURL(name).href]);
}
