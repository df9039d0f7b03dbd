import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { bundleDashboard } from "../src/api/dashboard/dashboard-files.ts";

// `npm run build` writes `dist/`: the JavaScript that the installed package runs, and the declarations of
// what a processor's file may import, and the dashboard's script and style sheet. `npm pack` runs it by itself.

const ROOT = new URL("..", import.meta.url);
/** A file beside the code that is opened by its path, which no compiler follows. */
const OPENED_FILE = /new URL\("([^"]+)", import\.meta\.url\)/g;

await rm(new URL("dist", ROOT), { recursive: true, force: true });
for (const project of ["tsconfig.build.json", "tsconfig.build-types.json"]) await compile(project);
await writeDashboard();
const missing = await missingFiles();
if (missing.length > 0) {
  console.error(
    `dist/ lacks files that its code opens:\n${missing.join("\n")}\nAdd them to tsconfig.build.json.`,
  );
  process.exitCode = 1;
}

async function compile(project: string): Promise<void> {
  const tsc = fileURLToPath(new URL("node_modules/.bin/tsc", ROOT));
  await promisify(execFile)(tsc, ["-p", project], { cwd: fileURLToPath(ROOT) }).catch(
    // `tsc` writes its complaints to stdout, and `execFile` gives them to the error.
    (error: { readonly stdout: string }) => {
      throw new Error(`${project} does not compile:\n${error.stdout}`);
    },
  );
}

/** The files that an API in a checkout bundles in memory. */
async function writeDashboard(): Promise<void> {
  const folder = new URL("dist/dashboard/", ROOT);
  await mkdir(folder);
  for (const { name, body } of await bundleDashboard()) await writeFile(new URL(name, folder), body);
}

/** Returns `file: path` for each `new URL(path, import.meta.url)` in the built code whose file is missing. */
async function missingFiles(): Promise<string[]> {
  const found: string[] = [];
  const files = await readdir(new URL("dist", ROOT), { recursive: true });
  for (const file of files.filter((name) => /\.m?js$/.test(name))) {
    const url = new URL(`dist/${file}`, ROOT);
    for (const [, path = ""] of (await readFile(url, "utf8")).matchAll(OPENED_FILE))
      if (!existsSync(new URL(path, url))) found.push(`  ${file}: ${path}`);
  }
  return found;
}
