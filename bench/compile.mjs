// Compiles the bench and the platform to JavaScript, which is what an installed package runs: compiled at each start, every
// process and thread of the platform would cost three times the processor time that it costs its users.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { bundleDependencies } from "../scripts/bundle-dependencies.mjs";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
/** What the code opens or imports by its place in the repository. The report is written through its links. */
const LINKED = [
  "package.json",
  "node_modules",
  "migrations",
  "openapi.json",
  "dashboard",
  "bench/node_modules",
  "bench/RESULTS.md",
  "bench/results.svg",
];

/** Returns the folder of the compiled bench, which goes with this process. Throws with what the compiler says. */
export async function compileBench() {
  const folder = mkdtempSync(join(tmpdir(), "iep-bench-code-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  const tsc = join(ROOT, "node_modules/.bin/tsc");
  execFileSync(tsc, ["-p", join(ROOT, "bench/tsconfig.build.json"), "--outDir", folder], {
    stdio: "inherit",
  });
  await bundleDependencies(folder, join(folder, "src"));
  for (const path of LINKED) symlinkSync(join(ROOT, path), join(folder, path));
  return join(folder, "bench/src");
}
