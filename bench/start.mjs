// `npm run bench` at the root: installs what is missing here, then runs the bench on the Node that this package brings,
// so that everybody who measures has the same one. The platform itself and Fastify are those of the root.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { compileBench } from "./compile.mjs";

const here = fileURLToPath(new URL(".", import.meta.url));

if (!existsSync(`${here}/../node_modules`)) fail("the platform is not installed: npm ci");
await import("./install.mjs");

const child = spawn(
  ownNode(),
  [join(await compileBench(), "main.js"), ...process.argv.slice(2)],
  // By the channel it notices when we are killed, and cleans up.
  { stdio: ["inherit", "inherit", "inherit", "ipc"] },
);
/** @type {NodeJS.Signals[]} */
const signals = ["SIGINT", "SIGTERM", "SIGHUP"];
for (const signal of signals) process.on(signal, () => child.kill(signal));
child.on("exit", (code) => process.exit(code ?? 1));

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
