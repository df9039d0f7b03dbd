import { readdir, readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { readHeader, type SqlHeader } from "./sql-header.ts";

const FUNCTIONS = fileURLToPath(new URL("../migrations/functions", import.meta.url));

export interface FunctionHeader extends SqlHeader {
  readonly name: string;
}

/** Reads the header of every function in migrations/functions. */
export async function readFunctionHeaders(folder = FUNCTIONS): Promise<FunctionHeader[]> {
  const paths = (await readdir(folder, { recursive: true })).filter((path) => path.endsWith(".sql"));
  return await Promise.all(
    paths.toSorted().map(async (path) => {
      const header = readHeader(await readFile(join(folder, path), "utf8"));
      return { name: basename(path, ".sql"), ...header };
    }),
  );
}
