// Installs the contenders in bench/ when they are missing or of other versions than its lockfile says. `npm run bench`
// needs them to run, `npm run types` for their types.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const here = fileURLToPath(new URL(".", import.meta.url));

if (!isInstalled()) {
  // On stderr: stdout belongs to the report of the bench.
  console.error("Installing the contenders (npm ci in bench/)");
  // Contenders need a newer Node than this one may be: they run on the bench's own. `npm run` hands the root's
  // `engine-strict` down by the environment, which would refuse them.
  const args = ["ci", "--loglevel=error", "--no-engine-strict"];
  const env = { ...process.env };
  delete env["npm_config_engine_strict"];
  const { status } = spawnSync("npm", args, { cwd: here, stdio: "inherit", env });
  if (status !== 0) process.exit(status ?? 1);
}

/** npm keeps a copy of the lockfile beside what it installed. */
function isInstalled() {
  const installed = `${here}/node_modules/.package-lock.json`;
  if (!existsSync(installed)) return false;
  const wanted = versionsIn(`${here}/package-lock.json`);
  return [...versionsIn(installed)].every(([path, version]) => wanted.get(path) === version);
}

/** @param {string} lockfile */
function versionsIn(lockfile) {
  /** @type {{ packages: Record<string, { version?: string }> }} */
  const { packages } = JSON.parse(readFileSync(lockfile, "utf8"));
  return new Map(Object.entries(packages).map(([path, { version }]) => [path, version]));
}
