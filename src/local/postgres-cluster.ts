import { execFile, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { chown, mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { text } from "node:stream/consumers";
import { promisify } from "node:util";
import { endWithParent } from "./end-with-parent.ts";
import type { PostgresBinaries } from "./postgres-binaries.ts";
import { isAlive, processCommand } from "./process-table.ts";
import { type Account, createLauncher, unprivilegedAccount } from "./unprivileged.ts";
import { LocalServerError } from "./local-server-error.ts";

/** A data folder of PostgreSQL, which its own words call a cluster. */
export interface Cluster {
  readonly dataDir: string;
  /** Of the user postgres. */
  readonly password: string;
  /** Who owns the folder, when we are root: PostgreSQL runs as its owner only. */
  readonly account: Account | undefined;
}

/**
 * C messages, whatever the user's language: "Address already in use" is read from the log. A set TZ spares
 * initdb the search for one.
 */
export const POSTGRES_ENV = { PATH: "/usr/local/bin:/usr/bin:/bin", LC_ALL: "C", TZ: "UTC" };

const PASSWORD_FILE = "iep-password";

/**
 * Finds the cluster in `dataDir`, or makes it there: whole or not at all, so that a killed first start leaves
 * nothing that a second trips over.
 */
export async function openCluster(
  dataDir: string,
  binaries: PostgresBinaries,
  durable: boolean,
): Promise<Cluster> {
  const folder = await statOrUndefined(dataDir);
  if (folder) refuseOthersFolder(dataDir, folder.uid);
  const names = folder ? await readdir(dataDir) : [];
  if (names.length === 0) {
    const account = await unprivilegedAccount();
    return { dataDir, account, password: await createCluster(dataDir, binaries, account, durable) };
  }
  if (!folder || !names.includes(PASSWORD_FILE)) {
    throw new LocalServerError(
      `${dataDir} holds something other than a PostgreSQL that was created here: use another folder`,
    );
  }
  await removeStrangersPidFile(dataDir);
  return {
    dataDir,
    account: process.getuid?.() === 0 ? await giveToAccount(dataDir, folder) : undefined,
    password: await readFile(join(dataDir, PASSWORD_FILE), "utf8"),
  };
}

/** PostgreSQL runs as the owner of its folder only, and never as root. */
function refuseOthersFolder(dataDir: string, owner: number): void {
  const us = process.getuid?.();
  if (us !== 0 && us !== owner) {
    throw new LocalServerError(
      `${dataDir} belongs to another user (uid ${owner}): start as that user or as root, or use another folder`,
    );
  }
}

/**
 * A folder that root copied belongs to root now, as whom PostgreSQL refuses to run. Any other owner stays.
 */
async function giveToAccount(dataDir: string, owner: Account): Promise<Account | undefined> {
  if (owner.uid !== 0) return { uid: owner.uid, gid: owner.gid };
  const account = await unprivilegedAccount();
  if (account) await promisify(execFile)("chown", ["-Rh", `${account.uid}:${account.gid}`, dataDir]);
  return account;
}

/** Works beside `dataDir` and moves the finished cluster there, password and all, in one rename. */
async function createCluster(
  dataDir: string,
  binaries: PostgresBinaries,
  account: Account | undefined,
  durable: boolean,
): Promise<string> {
  await mkdir(dirname(dataDir), { recursive: true });
  await removeUnfinished(dataDir);
  const workDir = `${dataDir}.new-${process.pid}`;
  const newDir = join(workDir, "data");
  const password = randomBytes(24).toString("hex");
  await mkdir(workDir, { mode: 0o700 });
  try {
    await mkdir(newDir, { mode: 0o700 });
    await writeFile(join(workDir, PASSWORD_FILE), password, { mode: 0o600 });
    for (const path of account ? [workDir, newDir, join(workDir, PASSWORD_FILE)] : []) {
      await chown(path, account?.uid ?? -1, account?.gid ?? -1);
    }
    await runInitdb(workDir, newDir, binaries, account, durable);
    await rename(join(workDir, PASSWORD_FILE), join(newDir, PASSWORD_FILE));
    // Over an empty folder if one is there; a cluster that another process made meanwhile is not empty.
    await rename(newDir, dataDir);
  } finally {
    await rm(workDir, { recursive: true, force: true });
  }
  return password;
}

async function runInitdb(
  workDir: string,
  newDir: string,
  binaries: PostgresBinaries,
  account: Account | undefined,
  durable: boolean,
): Promise<void> {
  const launcher = await createLauncher(account, [binaries.initdb, binaries.postgres, workDir]);
  const { command, args, ...user } = launcher(binaries.initdb, [
    `--pgdata=${newDir}`,
    "--username=postgres",
    `--pwfile=${join(workDir, PASSWORD_FILE)}`,
    "--auth=scram-sha-256",
    "--encoding=UTF8",
    "--locale=C",
    "--no-instructions",
    ...(durable ? [] : ["--no-sync"]),
  ]);
  // In our session, unlike the server: Ctrl-C in the terminal ends it too, and the start fails, which is what
  // was asked for.
  const child = spawn(command, args, {
    cwd: "/",
    env: POSTGRES_ENV,
    stdio: ["ignore", "pipe", "pipe"],
    ...user,
  });
  const callOff = child.pid === undefined ? () => undefined : endWithParent(child.pid, "SIGTERM");
  const output = Promise.all([text(child.stdout), text(child.stderr)]);
  try {
    const [code, signal] = await once(child, "exit");
    if (code !== 0)
      throw new LocalServerError(
        `initdb failed (${signal ?? `exit code ${code}`})\n${(await output).join("").trim()}`,
      );
  } finally {
    callOff();
  }
}

/** What earlier first starts left that were killed in the middle. */
async function removeUnfinished(dataDir: string): Promise<void> {
  const prefix = `${basename(dataDir)}.new-`;
  for (const name of await readdir(dirname(dataDir))) {
    const pid = Number(name.slice(prefix.length));
    if (!name.startsWith(prefix) || (isAlive(pid) && pid !== process.pid)) continue;
    // An initdb that is being ended may still write: try again where a folder turns out not to be empty.
    await rm(join(dirname(dataDir), name), { recursive: true, force: true, maxRetries: 20 });
  }
}

/**
 * After a power cut postmaster.pid stays, and PostgreSQL refuses to start for as long as any process of the
 * user has that number: after a reboot that may be the browser. A process that is no PostgreSQL cannot hold
 * the folder; whenever it might be one, PostgreSQL judges.
 */
async function removeStrangersPidFile(dataDir: string): Promise<void> {
  const path = join(dataDir, "postmaster.pid");
  const pid = Number.parseInt(await readFile(path, "utf8").catch(() => ""), 10);
  if (Number.isNaN(pid) || !isAlive(pid)) return;
  const command = await processCommand(pid);
  if (command !== undefined && !/postgres|postmaster/.test(command)) await rm(path, { force: true });
}

async function statOrUndefined(path: string): Promise<{ uid: number; gid: number } | undefined> {
  try {
    return await stat(path);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}
