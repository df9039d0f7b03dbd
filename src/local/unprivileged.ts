import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { LocalServerError } from "./local-server-error.ts";

/** PostgreSQL refuses to run as root; this is who runs it then. */
export interface Account {
  readonly uid: number;
  readonly gid: number;
}

/** A program, ready for `spawn`. */
interface Launch {
  readonly command: string;
  readonly args: readonly string[];
  readonly uid?: number;
  readonly gid?: number;
}

/** Turns a command into one that runs it as the right user. */
export type Launcher = (command: string, args: readonly string[]) => Launch;

const SETPRIV = "/usr/bin/setpriv";

/**
 * `postgres` where that user exists, else `nobody`; undefined when we are not root and simply run as
 * ourselves.
 */
export async function unprivilegedAccount(): Promise<Account | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const users = (await readFile("/etc/passwd", "utf8")).split("\n").map((line) => line.split(":"));
  const user = users.find(([name]) => name === "postgres") ?? users.find(([name]) => name === "nobody");
  if (!user)
    throw new LocalServerError(
      "PostgreSQL refuses to run as root and this machine has no user postgres or nobody: start as another user",
    );
  return { uid: Number(user[2]), gid: Number(user[3]) };
}

/**
 * Runs programs as `account`. A checkout or data folder below a folder that only root may enter (/root, or
 * what mktemp -d makes) is out of that user's reach; only then the program also gets the capability to pass
 * permissions, through setpriv. It is still not root.
 */
export async function createLauncher(
  account: Account | undefined,
  paths: readonly string[],
): Promise<Launcher> {
  if (!account) return (command, args) => ({ command, args });
  if (await canReach(account, paths)) return (command, args) => ({ command, args, ...account });
  if (!existsSync(SETPRIV)) {
    throw new LocalServerError(
      `the user who runs PostgreSQL (uid ${account.uid}) cannot reach ${paths.join(", ")} and ${SETPRIV} (package util-linux) is missing: ` +
        "move the checkout to a folder that everybody may enter, start as another user than root, or set DATABASE_URL",
    );
  }
  const { uid, gid } = account;
  const identity = [`--reuid=${uid}`, `--regid=${gid}`, "--clear-groups"];
  // Without that secure bit access(2), with which initdb and postgres look for each other, does not count
  // capabilities of other users than root.
  const capability = [
    "--inh-caps=+dac_override",
    "--ambient-caps=+dac_override",
    "--securebits=+no_setuid_fixup",
  ];
  return (command, args) => ({
    command: SETPRIV,
    args: [...identity, ...capability, "--", command, ...args],
  });
}

/**
 * Asks the kernel instead of reading modes: access lists and mount options count too. All paths are folders
 * or programs.
 */
function canReach(account: Account, paths: readonly string[]): Promise<boolean> {
  const script = 'for path; do test -r "$path" && test -x "$path" || exit 1; done';
  const child = spawn("/bin/sh", ["-c", script, "sh", ...paths], {
    cwd: "/",
    stdio: "ignore",
    env: {},
    ...account,
  });
  return new Promise<boolean>((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code) => resolve(code === 0));
  });
}
