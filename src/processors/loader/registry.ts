import { PROCESSOR_IMPORT_MS } from "../../core/model/limits.ts";
import { lstat, readdir, stat } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { MODULE_SCOPE, runInScope } from "../sdk/code-scope.ts";
import { isProcessor, type Processor } from "../sdk/processor.ts";
import { defaultExport } from "../user-modules/default-export.ts";
import { findEndless } from "../user-modules/find-endless.ts";
import { describeThrown } from "../sdk/thrown.ts";
import { ApartPlaces } from "../apart/apart-places.ts";
import type { ApartTask } from "../apart/apart-process.ts";
import { importUserModules, type ImportedModule } from "../user-modules/import-user-modules.ts";
import { SHIPPED_PROCESSORS, shippedFile } from "../shipped/shipped.ts";
import { PROCESSOR_JSON, readProcessorJson } from "../subprocess/processor-json.ts";
import { runInThread } from "../threads/run-in-thread.ts";
import { ThreadPool } from "../threads/thread-pool.ts";

const SHIPPED = "a processor that ships";
const CODE_FILE = /\.[cm]?[jt]sx?$/i;
/** Tests and declarations. */
const NO_PROCESSOR = /\.test\.|\.d\.[cm]?ts$/i;

/** A processor, and what a runner must know of where it runs. */
export interface RegisteredProcessor extends Processor {
  /** Where `run` runs; left out: among all others, in the runner's own thread. */
  readonly place?: "thread" | "command";
  /** The module that has it as its default export. A command has none. */
  readonly file?: string;
  /** The file of the user's folder that it was read from: its module, or its `processor.json`. */
  readonly origin?: string;
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

export interface LoadedProcessors {
  readonly processors: ProcessorRegistry;
  /** What could not be loaded. The rest is in use. */
  readonly faults: readonly ProcessorFault[];
}

interface LoadOptions {
  /** Relative to the working directory. Left out: only the shipped ones. */
  readonly directory?: string | undefined;
  /** Whether it is a fault that the directory is missing: true when somebody named it. */
  readonly required?: boolean;
  /** How long the import of one file may take. */
  readonly import_ms?: number;
  /** Whether what processors in threads write to stdout goes to stderr. */
  readonly printsToStderr?: boolean;
}

/**
 * The shipped processors and those of the files and folders in `directory`, with what is faulty there: a file
 * that cannot be imported, does not end, ends the process or has no processor as its default export, a
 * `processor.json` that is not valid, an id that is in use.
 */
export async function loadProcessors({
  directory,
  required = false,
  import_ms = PROCESSOR_IMPORT_MS,
  printsToStderr = false,
}: LoadOptions): Promise<LoadedProcessors> {
  const pool = new ThreadPool({ printsToStderr });
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
  const processors = new Map<string, RegisteredProcessor>(
    SHIPPED_PROCESSORS.map((processor) => [processor.id, place(processor, shippedFile(processor))]),
  );
  const faults: ProcessorFault[] = [];
  if (directory === undefined) return { processors, faults };
  const origins = new Map<string, string>();
  const listed = await listCandidates(resolve(directory), required);
  if ("fault" in listed) return { processors, faults: [listed.fault] };
  for (const { file, ...inspected } of await inspectAll(listed.files, import_ms)) {
    if ("fault" in inspected) {
      faults.push({ file, message: inspected.fault });
      continue;
    }
    const { processor } = inspected;
    if (processors.has(processor.id)) {
      const holder = origins.get(processor.id) ?? SHIPPED;
      faults.push({ file, message: `the id "${processor.id}" is taken by ${holder}` });
      continue;
    }
    processors.set(processor.id, Object.freeze({ ...place(processor, file), origin: file }));
    origins.set(processor.id, file);
  }
  return { processors, faults };
}

type Listed = { readonly files: readonly string[] } | { readonly fault: ProcessorFault };

/**
 * What in the directory is to be a processor, by name: files of code, and the `processor.json` of folders
 * that have one.
 */
async function listCandidates(directory: string, required: boolean): Promise<Listed> {
  let names: string[];
  try {
    names = await readdir(directory);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "ENOENT" && !required) return { files: [] };
    const reasons: Partial<Record<string, string>> = {
      ENOENT: "there is no such directory",
      ENOTDIR: "is not a directory",
    };
    const message = reasons[String(code)] ?? `cannot be read: ${String(error)}`;
    return { fault: { file: directory, message } };
  }
  const files: string[] = [];
  for (const name of names.toSorted()) {
    if (/^[._]/.test(name)) continue;
    const path = join(directory, name);
    if (await isFolder(path)) {
      const file = join(path, PROCESSOR_JSON);
      if (await exists(file)) files.push(file);
    } else if (CODE_FILE.test(name) && !NO_PROCESSOR.test(name)) files.push(path);
  }
  return { files };
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
async function inspectAll(
  files: readonly string[],
  import_ms: number,
): Promise<(Inspection & { readonly file: string })[]> {
  const isModule = (file: string): boolean => basename(file) !== PROCESSOR_JSON;
  const moduleFiles = files.filter(isModule);
  const endless = await findEndless(moduleFiles, import_ms);
  // In a scope: what a module leaves behind when it is loaded is not the platform's.
  const imports = await runInScope(MODULE_SCOPE, () =>
    importUserModules(moduleFiles.filter((file) => !endless.has(file))),
  );
  const modules = new Map(imports.map((imported) => [imported.file, imported]));
  return await Promise.all(
    files.map(async (file) => {
      const imported = modules.get(file);
      const fault = endless.get(file);
      if (fault !== undefined) return { file, fault };
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
    const said = describeThrown(imported.error).message;
    const place = placeIn(imported.error, said, imported.file);
    return { fault: `cannot be imported: ${said}${place}${hintFor(said)}` };
  }
  const exported = defaultExport(imported.module);
  if (exported === undefined) return { fault: "has no default export" };
  if (!isProcessor(exported)) return { fault: "its default export does not come from defineProcessor" };
  return { processor: exported };
}

/** Where in the file it was thrown, ` (hello.ts:9:3)`, unless the message says it. */
function placeIn(error: unknown, said: string, file: string): string {
  const { stack = "" } = describeThrown(error);
  const name = basename(file);
  if (said.includes(`${name}:`) || said.includes("\n")) return "";
  const frame = stack.split("\n").find((line) => /^\s+at /.test(line) && line.includes(`/${name}`));
  const place = /:(\d+:\d+)\)?$/.exec(frame ?? "")?.[1];
  return place === undefined ? "" : ` (${name}:${place})`;
}

/** Outside a project that has this package, only modules find it. */
function hintFor(said: string): string {
  return said.includes("Cannot find module 'innovation-ecosystem-platform")
    ? "\n`require` finds this package only where it is installed: use `import`, in a .mjs or .mts file"
    : "";
}
