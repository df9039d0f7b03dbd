import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";

const REPOSITORY = fileURLToPath(new URL("../..", import.meta.url));

/** Runs a block in bash, where `npx iep` is this checkout's. Throws with its output when a command fails. */
export async function runShell(block: string, variables: Readonly<Record<string, string>>): Promise<string> {
  const prelude = `set -euo pipefail\nnpx() { shift; '${process.execPath}' '${REPOSITORY}bin/iep.js' "$@"; }\n`;
  return await new Promise((resolve, reject) => {
    execFile(
      "bash",
      ["-c", prelude + block],
      {
        cwd: variables["CWD"] ?? REPOSITORY,
        env: { PATH: process.env["PATH"], HOME: process.env["HOME"], ...variables },
      },
      (error, stdout, stderr) =>
        error ? reject(new Error(`${block}\n${stdout}\n${stderr}`)) : resolve(stdout),
    );
  });
}
