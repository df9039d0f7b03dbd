import { resolve } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { RELOAD_LOOK_MS } from "../../core/model/limits.ts";
import { changedFiles, readFolderState, type FolderState } from "./read-folder-state.ts";
import {
  loadProcessors,
  type LoadedProcessors,
  type ProcessorFault,
  type RegisteredProcessor,
} from "./registry.ts";

export interface Reloaded {
  /** Absolute paths of the files that were written, created or deleted. */
  readonly files: readonly string[];
  /** What could not be loaded, and the processors of that file that stay as they were. */
  readonly faults: readonly (ProcessorFault & { readonly kept: readonly string[] })[];
  /** The ids of what there is from now on. */
  readonly ids: readonly string[];
}

interface ReloadOptions {
  readonly directory: string;
  /** Whether it is a fault that the directory is missing. */
  readonly required: boolean;
}

export interface ReloadingProcessors extends LoadedProcessors {
  /**
   * From now on it reloads, until `stop`. `onReload` is called each time before what is gone leaves `processors`. It
   * must not reject. Where it returns false, what is gone stays until the next time.
   */
  start(onReload: (reloaded: Reloaded) => Promise<boolean>): void;
  /** Resolves when nothing is being loaded any more. */
  stop(): Promise<void>;
}

/**
 * Loads the processors of a folder, and loads them again whenever something in it was saved: `processors` is changed in
 * place. An attempt keeps the processor with which it began. What is faulty leaves the version before in use. All files
 * are loaded again, because any of them may import what was saved.
 */
export async function loadAndReload({ directory, required }: ReloadOptions): Promise<ReloadingProcessors> {
  const folder = resolve(directory);
  // Before the first load: what is saved meanwhile is loaded again.
  let state = await readFolderState(folder);
  const { processors: loaded, faults } = await loadProcessors({ directory, required });
  const processors = new Map(loaded);
  const stop = new AbortController();
  let loop: Promise<void> | undefined;

  const look = async (onReload: (reloaded: Reloaded) => Promise<boolean>): Promise<void> => {
    const next = await readSettled(folder, state, stop.signal);
    if (next === undefined) return;
    const files = changedFiles(state, next);
    state = next;
    const { gone, faults: found } = replace(processors, await loadProcessors({ directory, required }));
    const ids = [...processors.keys()].filter((id) => !gone.has(id));
    if (await onReload({ files, faults: found, ids })) for (const id of gone) processors.delete(id);
  };

  return {
    processors,
    faults,
    start(onReload) {
      loop ??= (async () => {
        while (!stop.signal.aborted) await look(onReload);
      })();
    },
    async stop() {
      stop.abort();
      await loop;
    },
  };
}

/**
 * Waits for another state of the folder that stands still: an editor may write a file in several steps. Returns
 * undefined when it was stopped.
 */
async function readSettled(
  folder: string,
  before: FolderState,
  signal: AbortSignal,
): Promise<FolderState | undefined> {
  let last = before;
  while (!signal.aborted) {
    await wait(RELOAD_LOOK_MS, undefined, { signal, ref: false }).catch(() => undefined);
    const next = await readFolderState(folder);
    if (changedFiles(last, next).length === 0 && changedFiles(before, next).length > 0) return next;
    last = next;
  }
  return undefined;
}

/** Puts what was loaded in the place of what there was. What has no successor is `gone`, and still there. */
function replace(
  processors: Map<string, RegisteredProcessor>,
  { processors: loaded, faults }: LoadedProcessors,
): Pick<Reloaded, "faults"> & { readonly gone: ReadonlySet<string> } {
  // Those that ship, and what they keep between attempts, stay as they are.
  const users = [...processors.values()].filter(({ origin }) => origin !== undefined);
  const left = users.filter(({ id }) => !loaded.has(id));
  const named = faults.map((fault) => ({
    ...fault,
    kept: left.filter(({ origin }) => origin === fault.file).map(({ id }) => id),
  }));
  const kept = new Set(named.flatMap((fault) => fault.kept));
  for (const processor of loaded.values())
    if (processor.origin !== undefined) processors.set(processor.id, processor);
  return { faults: named, gone: new Set(left.map(({ id }) => id).filter((id) => !kept.has(id))) };
}
