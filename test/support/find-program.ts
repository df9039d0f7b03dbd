import { spawn } from "node:child_process";
import { once } from "node:events";
import { access, constants, rm, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";

/** Where package managers put programs, also when the PATH of the user does not say so. */
const MORE_FOLDERS = ["/usr/bin", "/usr/local/bin", "/opt/homebrew/bin", "/opt/local/bin"];
const POLICY_FILE = "/usr/sbin/policy-rc.d";

/** The path of the first of `programs` that is there. */
export async function findOnPath(programs: readonly string[]): Promise<string | undefined> {
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

/**
 * The path of the first of `programs`, which a package of Debian has. Installs that package on Debian and
 * Ubuntu as root. Undefined when it is not there and cannot be installed.
 */
export async function findOrInstall(programs: readonly string[], name: string): Promise<string | undefined> {
  const path = await findOnPath(programs);
  if (path !== undefined) return path;
  const aptGet = await findOnPath(["apt-get"]);
  if (aptGet === undefined || process.getuid?.() !== 0) return undefined;
  await install(aptGet, name);
  return await findOnPath(programs);
}

async function install(aptGet: string, name: string): Promise<void> {
  console.log(
    `The tests need ${name}, which is missing here: installing it (apt-get update && apt-get install -y ${name})`,
  );
  // Debian starts the services of a package unless this file says no. The tests start their own; a stranger
  // on a well-known port is not what was asked for.
  const denies = await writeFile(POLICY_FILE, "#!/bin/sh\nexit 101\n", { mode: 0o755, flag: "wx" }).then(
    () => true,
    () => false, // There is one, as in every container: it is not ours to change.
  );
  try {
    await run(aptGet, ["update"]);
    // Another run may be installing it right now.
    await run(aptGet, ["install", "-y", "--no-install-recommends", "-o", "DPkg::Lock::Timeout=120", name]);
  } finally {
    if (denies) await rm(POLICY_FILE, { force: true });
  }
}

async function run(command: string, args: readonly string[]): Promise<void> {
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const [code] = await once(spawn(command, args, { stdio: ["ignore", "ignore", "inherit"], env }), "exit");
  if (code !== 0) throw new Error(`${command} ${args.join(" ")} failed with exit code ${code}`);
}
