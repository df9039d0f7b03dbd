import { spawn } from "node:child_process";
import { once } from "node:events";
import { access, constants, rm, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";

/** Where package managers put them, also when the PATH of the user does not say so. */
const MORE_FOLDERS = ["/usr/bin", "/usr/local/bin", "/opt/homebrew/bin", "/opt/local/bin"];
const POLICY_FILE = "/usr/sbin/policy-rc.d";

/** Installs a package of Debian or Ubuntu for the tests, without starting its services. */
export async function installPackage(aptGet: string, name: string): Promise<void> {
  console.log(
    `The tests need ${name}, which is missing here: installing it (apt-get update && apt-get install -y ${name})`,
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

/** The path of the first of these programs that can be run. */
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
