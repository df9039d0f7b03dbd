// `npm run bench` at the root: installs what is missing here, then runs the bench on the Node that this
// package brings, so that everybody who measures has the same one. The platform itself, Fastify and tsx are
// those of the root.
import { spawn, spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const here = fileURLToPath(new URL(".", import.meta.url));

if (!existsSync(`${here}/../node_modules`)) fail("the platform is not installed: npm ci");
if (!isInstalled()) {
  console.log("Installing the contenders (npm ci in bench/)");
  // Contenders need a newer Node than this one may be: they run on the bench's own. `npm run` hands the
  // root's `engine-strict` down by the environment, which would refuse them.
  const args = ["ci", "--loglevel=error", "--no-engine-strict"];
  const { status } = spawnSync("npm", args, { cwd: here, stdio: "inherit" });
  if (status !== 0) process.exit(status ?? 1);
}

const child = spawn(
  ownNode(),
  ["--import", import.meta.resolve("tsx"), `${here}src/main.ts`, ...process.argv.slice(2)],
  // By the channel it notices when we are killed, and cleans up.
  { stdio: ["inherit", "inherit", "inherit", "ipc"] },
);
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
child.on("exit", (code) => process.exit(code ?? 1));

/** npm keeps a copy of the lock beside what it installed. */
function isInstalled() {
  const installed = `${here}/node_modules/.package-lock.json`;
  if (!existsSync(installed)) return false;
  const versions = (/** @type {string} */ file) =>
    new Map(
      Object.entries(JSON.parse(readFileSync(file, "utf8")).packages).map(([path, { version }]) => [
        path,
        version,
      ]),
    );
  const wanted = versions(`${here}/package-lock.json`);
  return [...versions(installed)].every(([path, version]) => wanted.get(path) === version);
}

function ownNode() {
  const path = `${here}/node_modules/node-${process.platform}-${process.arch}/bin/node`;
  if (existsSync(path)) return path;
  if (Number(process.versions.node.split(".")[0]) >= 24) return process.execPath;
  return fail("there is no Node 24 for this system in bench/: start it with Node 24 or newer");
}

/** @returns {never} */
function fail(/** @type {string} */ message) {
  console.error(`bench: ${message}`);
  process.exit(1);
}
