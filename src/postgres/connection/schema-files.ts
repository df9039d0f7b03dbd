import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { MigrationError } from "./migration-error.ts";

/** A folder `<version>_<name>` with `up.sql` and `down.sql`, as Diesel lays it out. */
export interface NumberedStep {
  readonly version: string;
  readonly name: string;
  readonly up: string;
  readonly down: string;
  /** Of the statements alone: comments and line breaks may be mended after the step has run. */
  readonly checksum: string;
  /** The first release that works after this step, when older ones do not any more: see `BREAKS`. */
  readonly breaksBefore: string | null;
}

/** One function or view. Its file may be applied at any time, again and again. */
export interface SchemaFunction {
  /** Of the function or view, and of its file. */
  readonly name: string;
  /** Of its file, in the folder of the migrations. */
  readonly path: string;
  readonly sql: string;
  /** Of the whole file, comments included. */
  readonly checksum: string;
}

/** All of `migrations/`. */
export interface SchemaFiles {
  readonly folder: string;
  /** Oldest first. */
  readonly steps: readonly NumberedStep[];
  /** In the order in which they are created. */
  readonly functions: readonly SchemaFunction[];
}

export const MIGRATIONS_FOLDER = fileURLToPath(new URL("../../../migrations", import.meta.url));

export async function readSchemaFiles(folder: string): Promise<SchemaFiles> {
  const [steps, functions] = await Promise.all([readSteps(folder), readFunctions(folder)]);
  return { folder, steps, functions };
}

/** The name of the step's folder. */
export function stepName({ version, name }: { version: string; name: string }): string {
  return `${version}_${name}`;
}

async function readSteps(folder: string): Promise<NumberedStep[]> {
  const names = (await readdir(folder)).filter((name) => /^\d[\d-]*_\w+$/.test(name)).toSorted();
  return await Promise.all(names.map((name) => readStep(folder, name)));
}

async function readStep(folder: string, folderName: string): Promise<NumberedStep> {
  const [version = "", ...rest] = folderName.split("_");
  try {
    const up = await readFile(join(folder, folderName, "up.sql"), "utf8");
    const down = await readFile(join(folder, folderName, "down.sql"), "utf8");
    const breaksBefore = BREAKS.exec(up)?.[1] ?? null;
    return { version, name: rest.join("_"), up, down, checksum: sha256(statementsOf(up)), breaksBefore };
  } catch (cause) {
    throw new MigrationError(`migration ${folderName} needs up.sql and down.sql`, { cause });
  }
}

/** How `up.sql` says that releases before this one do not work on the schema any more. */
const BREAKS = /^-- Breaks: releases before (\d+\.\d+\.\d+)\b/m;

/**
 * The functions that `order.txt` lists, in its order; then all other functions, then the views, both by name.
 */
async function readFunctions(folder: string): Promise<SchemaFunction[]> {
  const [functions, views, order] = await Promise.all([
    readFolder(folder, "functions"),
    readFolder(folder, "views"),
    readFile(join(folder, "functions", "order.txt"), "utf8").catch(() => ""),
  ]);
  const all = [...functions, ...views];
  const byName = new Map(all.map((one) => [one.name, one]));
  if (byName.size < all.length) {
    const twice = all.find((one) => byName.get(one.name) !== one);
    throw new MigrationError(`there are two files for ${twice?.name}: a function has one file`);
  }
  const early = order.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  const first = early.map((name) => {
    const one = byName.get(name);
    if (!one) throw new MigrationError(`functions/order.txt names ${name}, which has no file`);
    return one;
  });
  return [...first, ...all.filter((one) => !first.includes(one))];
}

async function readFolder(migrations: string, folder: string): Promise<SchemaFunction[]> {
  const paths = await readdir(join(migrations, folder), { recursive: true }).catch(() => []);
  const sources = paths.filter((path) => path.endsWith(".sql"));
  const files = await Promise.all(
    sources.map(async (source): Promise<SchemaFunction> => {
      const path = `${folder}/${source}`;
      const sql = await readFile(join(migrations, path), "utf8");
      return { name: basename(path, ".sql"), path, sql, checksum: sha256(sql) };
    }),
  );
  return files.toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

/** Strings, quoted names and dollar-quoted bodies; or a run of comments and white space. */
const LITERAL_OR_SPACE =
  /('(?:[^']|'')*'|"(?:[^"]|"")*"|\$(\w*)\$[\s\S]*?\$\2\$)|(?:--[^\n]*|\/\*[\s\S]*?\*\/|\s)+/g;

/** The statements without comments, and with one space for each run of white space outside of literals. */
function statementsOf(sql: string): string {
  return sql.replace(LITERAL_OR_SPACE, (_match, literal: string | undefined) => literal ?? " ").trim();
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
