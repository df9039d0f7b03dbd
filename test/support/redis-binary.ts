import { spawn } from "node:child_process";
import { once } from "node:events";
import { access, constants, rm, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";

const PROGRAMS = ["redis-server", "valkey-server"];
/** Where package managers put them, also when the PATH of the user does not say so. */
const MORE_FOLDERS = ["/usr/bin", "/usr/local/bin", "/opt/homebrew/bin", "/opt/local/bin"];
const POLICY_FILE = "/usr/sbin/policy-rc.d";

/**
 * The path of redis-server or valkey-server. Installs it on Debian and Ubuntu as root; elsewhere throws the
 * one line to type.
 */
export async function findRedis(): Promise<string> {
  const path = await findOnPath(PROGRAMS);
  if (path !== undefined) return path;
  const aptGet = await findOnPath(["apt-get"]);
  if (aptGet !== undefined && process.getuid?.() === 0) {
    await installRedis(aptGet);
    const installed = await findOnPath(PROGRAMS);
    if (installed !== undefined) return installed;
  }
  throw new Error(`the tests need redis-server or valkey-server. Type: ${await installCommand(aptGet)}`);
}

async function installRedis(aptGet: string): Promise<void> {
  console.log(
    "The tests need redis-server, which is missing here: installing it (apt-get update && apt-get install -y redis-server)",
  );
  // Debian starts the services of a package unless this file says no. The tests start their own; a stranger
  // on 6379 is not what was asked for.
  const denies = await writeFile(POLICY_FILE, "#!/bin/sh\nexit 101\n", { mode: 0o755, flag: "wx" }).then(
    () => true,
    () => false, // There is one, as in every container: it is not ours to change.
  );
  try {
    await run(aptGet, ["update"]);
    // Another run may be installing it right now.
    await run(aptGet, [
      "install",
      "-y",
      "--no-install-recommends",
      "-o",
      "DPkg::Lock::Timeout=120",
      "redis-server",
    ]);
  } finally {
    if (denies) await rm(POLICY_FILE, { force: true });
  }
}

async function installCommand(aptGet: string | undefined): Promise<string> {
  if (aptGet !== undefined) return "sudo apt-get install -y redis-server";
  if (process.platform === "darwin") return "brew install redis";
  if ((await findOnPath(["dnf"])) !== undefined) return "sudo dnf install -y valkey";
  if ((await findOnPath(["apk"])) !== undefined) return "apk add redis";
  if ((await findOnPath(["pacman"])) !== undefined) return "sudo pacman -S valkey";
  return "the install command of your system for the package redis or valkey";
}

async function run(command: string, args: readonly string[]): Promise<void> {
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const [code] = await once(spawn(command, args, { stdio: ["ignore", "ignore", "inherit"], env }), "exit");
  if (code !== 0) throw new Error(`${command} ${args.join(" ")} failed with exit code ${code}`);
}

async function findOnPath(programs: readonly string[]): Promise<string | undefined> {
  const folders = [...(process.env["PATH"] ?? "").split(delimiter), ...MORE_FOLDERS].filter(
    (folder) => folder !== "",
  );
  for (const path of programs.flatMap((program) => folders.map((folder) => join(folder, program)))) {
    const runs = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (runs) return path;
  }
  return undefined;
}
