import { OperatorError } from "../../core/lib/operator-error.ts";
import { lstat, readdir, stat } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { MODULE_SCOPE, runInScope } from "../sdk/code-scope.ts";
import { isProcessor, type Processor } from "../sdk/processor.ts";
import { describeThrown } from "../sdk/thrown.ts";
import { ApartPlaces } from "../apart/apart-places.ts";
import type { ApartTask } from "../apart/run-apart.ts";
import { importUserModules, type ImportedModule } from "../user-modules/import-user-modules.ts";
import { SHIPPED_PROCESSORS, shippedFile } from "../shipped/shipped.ts";
import { PROCESSOR_JSON, readProcessorJson } from "../subprocess/processor-json.ts";
import { runInThread } from "../threads/run-in-thread.ts";
import { ThreadPool } from "../threads/thread-pool.ts";

const SHIPPED = "a processor that ships";

/** A processor, and what a runner must know of where it runs. */
export interface RegisteredProcessor extends Processor {
  /** Where `run` runs; left out: among all others, in the runner's own thread. */
  readonly place?: "thread" | "command";
  /** The module that has it as its default export. A command has none. */
  readonly file?: string;
  /** Runs it in a process of its own. A command has one anyway. */
  readonly runApart?: (task: Omit<ApartTask, "file" | "id">) => Promise<unknown>;
}

/** Processors by id: what `job_types.processing_logic_id` is looked up in. */
export type ProcessorRegistry = ReadonlyMap<string, RegisteredProcessor>;

export interface ProcessorFault {
  /** Absolute path of the faulty file, or of the directory. */
  readonly file: string;
  readonly message: string;
}

/**
 * The processors cannot be loaded. The message lists every faulty file; nothing of the directory is in use.
 */
export class ProcessorLoadError extends OperatorError {
  readonly faults: readonly ProcessorFault[];

  constructor(faults: readonly ProcessorFault[]) {
    const lines = faults.map(({ file, message }) => `  ${file}: ${message.replaceAll("\n", "\n    ")}`);
    super("processors", ["Some processors cannot be loaded:", ...lines].join("\n"));
    this.faults = faults;
  }
}

interface LoadOptions {
  /** Relative to the working directory. Left out: only the shipped ones. */
  readonly directory?: string | undefined;
  /** Whether it is a fault that the directory is missing: true when somebody named it. */
  readonly required?: boolean;
}

/**
 * The shipped processors and those of the files and folders in `directory`. Throws one `ProcessorLoadError`
 * with all faults: a file that cannot be imported or has no processor as its default export, a
 * `processor.json` that is not valid, an id that is in use.
 */
export async function loadProcessors({
  directory,
  required = false,
}: LoadOptions): Promise<ProcessorRegistry> {
  const pool = new ThreadPool();
  const places = new ApartPlaces();
  const place = (processor: Processor, file: string): RegisteredProcessor => {
    if (basename(file) === PROCESSOR_JSON) return Object.freeze({ ...processor, place: "command" });
    const placed = processor.thread ? runInThread(processor, file, pool) : processor;
    return Object.freeze({
      ...placed,
      ...(processor.thread ? { place: "thread" as const } : {}),
      file,
      runApart: (task) => places.run({ ...task, file, id: processor.id }),
    } satisfies RegisteredProcessor);
  };
  const registry = new Map(
    SHIPPED_PROCESSORS.map((processor) => [processor.id, place(processor, shippedFile(processor))]),
  );
  if (directory === undefined) return registry;
  const origins = new Map<string, string>();
  const faults: ProcessorFault[] = [];
  for (const { file, ...inspected } of await inspectAll(await listCandidates(resolve(directory), required))) {
    if ("fault" in inspected) {
      faults.push({ file, message: inspected.fault });
      continue;
    }
    const { processor } = inspected;
    if (registry.has(processor.id)) {
      const holder = origins.get(processor.id) ?? SHIPPED;
      faults.push({ file, message: `the id "${processor.id}" is taken by ${holder}` });
      continue;
    }
    registry.set(processor.id, place(processor, file));
    origins.set(processor.id, file);
  }
  if (faults.length > 0) throw new ProcessorLoadError(faults);
  return registry;
}

/**
 * What in the directory is to be a processor, by name: files of code, and the `processor.json` of folders
 * that have one.
 */
async function listCandidates(directory: string, required: boolean): Promise<string[]> {
  let names: string[];
  try {
    names = await readdir(directory);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "ENOENT" && !required) return [];
    const reasons: Partial<Record<string, string>> = {
      ENOENT: "there is no such directory",
      ENOTDIR: "is not a directory",
    };
    const message = reasons[String(code)] ?? `cannot be read: ${String(error)}`;
    throw new ProcessorLoadError([{ file: directory, message }]);
  }
  const candidates: string[] = [];
  for (const name of names.toSorted()) {
    if (/^[._]/.test(name)) continue;
    const path = join(directory, name);
    if (await isFolder(path)) {
      const file = join(path, PROCESSOR_JSON);
      if (await exists(file)) candidates.push(file);
    } else if (/\.(?:ts|js|mjs)$/.test(name) && !/\.test\.|\.d\.ts$/.test(name)) candidates.push(path);
  }
  return candidates;
}

/** Follows links; one that leads nowhere is no folder, so that it is told as a fault. */
async function isFolder(path: string): Promise<boolean> {
  return await stat(path).then(
    (entry) => entry.isDirectory(),
    () => false,
  );
}

/** Also true for a link that leads nowhere. */
async function exists(path: string): Promise<boolean> {
  return await lstat(path).then(
    () => true,
    () => false,
  );
}

type Inspection = { readonly processor: Processor } | { readonly fault: string };

/** The processor of each file, or why it has none, in the order given. */
async function inspectAll(files: readonly string[]): Promise<(Inspection & { readonly file: string })[]> {
  const isModule = (file: string): boolean => basename(file) !== PROCESSOR_JSON;
  // In a scope: what a module leaves behind when it is loaded is not the platform's.
  const imports = await runInScope(MODULE_SCOPE, () => importUserModules(files.filter(isModule)));
  const modules = new Map(imports.map((imported) => [imported.file, imported]));
  return await Promise.all(
    files.map(async (file) => {
      const imported = modules.get(file);
      return { file, ...(imported === undefined ? await inspectFolder(file) : inspectModule(imported)) };
    }),
  );
}

async function inspectFolder(file: string): Promise<Inspection> {
  try {
    return { processor: await readProcessorJson(file) };
  } catch (error) {
    return { fault: describeThrown(error).message };
  }
}

function inspectModule(imported: ImportedModule): Inspection {
  if ("error" in imported) {
    return { fault: `cannot be imported: ${describeThrown(imported.error).message}` };
  }
  const exported = imported.module["default"];
  if (exported === undefined) return { fault: "has no default export" };
  if (!isProcessor(exported)) return { fault: "its default export does not come from defineProcessor" };
  return { processor: exported };
}
