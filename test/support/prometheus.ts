import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { onFreePort } from "../../src/local/free-port.ts";
import { findOrInstall } from "./find-program.ts";
import { startProcess } from "./processes.ts";
import { temporaryFolder } from "./temporary-folder.ts";

/** The folder of the configuration and the alerts that this repository ships. */
export const DEPLOY = fileURLToPath(new URL("../../deploy/prometheus", import.meta.url));

interface Programs {
  readonly prometheus: string;
  readonly promtool: string;
}

/**
 * Both programs of Debian's package `prometheus`, which is installed where that is possible. Elsewhere says what
 * to install and returns undefined; in CI it throws.
 */
export async function findPrometheus(): Promise<Programs | undefined> {
  const prometheus = await findOrInstall(["prometheus"], "prometheus");
  const promtool = await findOrInstall(["promtool"], "prometheus");
  if (prometheus !== undefined && promtool !== undefined) return { prometheus, promtool };
  const message =
    "the tests of metrics need prometheus and promtool. Type: sudo apt-get install -y prometheus (macOS: brew install prometheus)";
  if (process.env["CI"]) throw new Error(message);
  console.log(`Skipped: ${message}`);
  return undefined;
}

interface Run {
  readonly code: number | null;
  readonly said: string;
}

/** Runs promtool in a folder, with `input` on its stdin. */
export async function runPromtool(
  promtool: string,
  args: readonly string[],
  { cwd = DEPLOY, input = "" } = {},
): Promise<Run> {
  const child = spawn(promtool, args, { cwd, stdio: ["pipe", "pipe", "pipe"] });
  child.stdin.end(input);
  const [said, errors, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    // Node's types do not say what an event passes on.
    once(child, "close") as Promise<[number | null]>,
  ]);
  return { code, said: said + errors };
}

/** A Prometheus on a free port with the shipped configuration and alerts, which scrapes these targets each second. */
export async function startPrometheus(
  prometheus: string,
  targets: { readonly api: readonly string[]; readonly runner: readonly string[] },
): Promise<string> {
  const folder = await temporaryFolder();
  const configuration = await readFile(join(DEPLOY, "prometheus.yml"), "utf8");
  const file = join(folder, "prometheus.yml");
  const written = configuration
    .replaceAll("15s", "1s")
    .replace("- alerts.yml", `- ${join(DEPLOY, "alerts.yml")}`)
    .replace('["127.0.0.1:3000"]', JSON.stringify(targets.api))
    .replace('["127.0.0.1:9464"]', JSON.stringify(targets.runner));
  await writeFile(file, written);
  return await onFreePort(undefined, async (port) => {
    const server = startProcess(prometheus, [
      `--config.file=${file}`,
      `--storage.tsdb.path=${join(folder, "data")}`,
      `--web.listen-address=127.0.0.1:${port}`,
    ]);
    await server.waitForLine(/Server is ready to receive web requests/);
    return `http://127.0.0.1:${port}`;
  });
}
