import { constants } from "node:fs";
import { access, readFile, realpath, stat } from "node:fs/promises";
import { delimiter, dirname, join, resolve } from "node:path";
import { z } from "zod";
import { compileSchema } from "../../core/lib/json-schema/compile-schema.ts";
import { SchemaFault } from "../../core/lib/json-schema/schema-fault.ts";
import { PROCESSOR_SCHEMA_CHARACTERS_MAX } from "../../core/model/limits.ts";
import { defineProcessor } from "../sdk/define-processor.ts";
import type { Processor } from "../sdk/processor.ts";
import { runSubprocess } from "./run-subprocess.ts";

export const PROCESSOR_JSON = "processor.json";
/** Less, and hardly a program starts. */
const MEMORY_MB_MIN = 16;
const MEMORY_MB_MAX = 1_048_576;
/** What a command gets of our environment; the rest holds secrets. */
const INHERITED = ["PATH", "HOME", "LANG"];

const text = z.string().refine((value) => !value.includes("\0"), "must not have a NUL character");
const ProcessorJson = z.strictObject({
  /** What `job_types.processing_logic_id` names. */
  id: z.string(),
  description: z.string().optional(),
  /**
   * Program and arguments; no shell reads them. A program with a slash is looked for from the folder, one
   * without in PATH.
   */
  command: z.tuple([text.min(1)], text),
  /** JSON Schema (draft 2020-12) of the inputs: others are refused when they are submitted. */
  input_schema: z.record(z.string(), z.unknown()).optional(),
  /** Added to PATH, HOME and LANG. */
  env: z.record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/), text).optional(),
  /** Memory that each process of the command may take; enforced on Linux. */
  memory_mb: z.int().min(MEMORY_MB_MIN).max(MEMORY_MB_MAX).optional(),
});

/**
 * The processor that a `processor.json` describes: a command in any language. Throws an Error that names
 * every fault of the file.
 */
export async function readProcessorJson(file: string): Promise<Processor> {
  const { id, description, command, input_schema, env, memory_mb } = parse(await readFile(file, "utf8"));
  const folder = dirname(await realpath(file));
  const environment = { ...inherited(), ...env };
  await findProgram(command[0], folder, environment["PATH"] ?? "");
  checkInputSchema(input_schema);
  const processor = defineProcessor({
    id,
    ...(description === undefined ? {} : { description }),
    run: (input, context) =>
      runSubprocess({ command, cwd: folder, env: environment, memory_mb }, input, context),
  });
  return input_schema === undefined ? processor : Object.freeze({ ...processor, input_schema });
}

function checkInputSchema(schema: object | undefined): void {
  if (schema === undefined) return;
  try {
    compileSchema(schema);
  } catch (error) {
    if (!(error instanceof SchemaFault)) throw error;
    throw new Error(`\`input_schema\` ${error.describe()}`, { cause: error });
  }
  if (JSON.stringify(schema).length > PROCESSOR_SCHEMA_CHARACTERS_MAX)
    throw new Error(`\`input_schema\` is longer than ${PROCESSOR_SCHEMA_CHARACTERS_MAX} characters`);
}

function parse(content: string): z.output<typeof ProcessorJson> {
  let value: unknown;
  try {
    // Editors of Windows put a mark before the text.
    value = JSON.parse(content.replace(/^\uFEFF/, ""));
  } catch (error) {
    throw new Error(`is no JSON: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  }
  const parsed = ProcessorJson.safeParse(value);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map(({ path, message }) =>
    path.length === 0 ? message : `\`${path.join(".")}\`: ${message}`,
  );
  throw new Error(faults.join("; "));
}

function inherited(): Record<string, string> {
  // Three names are handed on, nothing is decided by them: the one look at the environment outside src/bin.
  // oxlint-disable-next-line no-process-env
  const all = process.env;
  return Object.fromEntries(
    INHERITED.flatMap((name) => {
      const value = all[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

/** Throws when there is no such program, so that it is told at the start and not by every job. */
async function findProgram(program: string, folder: string, path: string): Promise<void> {
  const candidates = program.includes("/")
    ? [resolve(folder, program)]
    : path.split(delimiter).map((directory) => join(resolve(folder, directory), program));
  for (const candidate of candidates) {
    if (await isProgram(candidate)) return;
  }
  const where = program.includes("/") ? "does not exist or is not executable" : "is not in PATH";
  throw new Error(`the program of \`command\`, ${JSON.stringify(program)}, ${where}`);
}

async function isProgram(file: string): Promise<boolean> {
  try {
    await access(file, constants.X_OK);
    return (await stat(file)).isFile();
  } catch {
    return false;
  }
}
