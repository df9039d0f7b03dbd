import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { bundleDashboard } from "../src/api/dashboard/dashboard-files.ts";
import { bundleDependencies } from "./bundle-dependencies.mjs";

const ROOT = new URL("..", import.meta.url);
/** A file beside the code that is opened by its path, which no compiler follows. No folder: those stand in examples. */
const OPENED_FILE = /new URL\("([^"]+[^"/])", import\.meta\.url\)/g;

/**
 * Writes the JavaScript that the installed package runs into `folder`. Throws when it does not compile, and
 * when it would open a file that is missing there. `options` are for the compiler.
 */
export async function buildDist(folder: string, options: readonly string[] = []): Promise<void> {
  await compile("tsconfig.build.json", ["--outDir", folder, ...options]);
  await bundleDependencies(folder);
  await writeDashboard(join(folder, "dashboard"));
  const missing = await missingFiles(folder);
  if (missing.length > 0)
    throw new Error(
      `dist/ lacks files that its code opens:\n${missing.join("\n")}\nAdd them to tsconfig.build.json.`,
    );
}

/** The files that an API in a checkout bundles in memory. */
async function writeDashboard(folder: string): Promise<void> {
  await mkdir(folder);
  for (const { name, body } of await bundleDashboard()) await writeFile(join(folder, name), body);
}

/** Throws with the compiler's complaints. */
export async function compile(project: string, options: readonly string[] = []): Promise<void> {
  const tsc = fileURLToPath(new URL("node_modules/.bin/tsc", ROOT));
  await promisify(execFile)(tsc, ["-p", project, ...options], { cwd: fileURLToPath(ROOT) }).catch(
    // `tsc` writes its complaints to stdout, and `execFile` gives them to the error.
    (error: { readonly stdout: string }) => {
      throw new Error(`${project} does not compile:\n${error.stdout}`);
    },
  );
}

/** Returns `file: path` for each `new URL(path, import.meta.url)` in the built code whose file is missing. */
async function missingFiles(folder: string): Promise<string[]> {
  const found: string[] = [];
  const files = await readdir(folder, { recursive: true });
  for (const file of files.filter((name) => /\.m?js$/.test(name))) {
    const path = join(folder, file);
    for (const [, opened = ""] of (await readFile(path, "utf8")).matchAll(OPENED_FILE))
      if (!existsSync(new URL(opened, pathToFileURL(path)))) found.push(`  ${file}: ${opened}`);
  }
  return found;
}
