import { chmod, mkdtemp, readdir, rm, statfs } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isAlive } from "../../src/local/process-table.ts";

const PREFIX = "iep-test-";
const MEMORY_FOLDER = "/dev/shm";
/** Write-ahead log and the databases of a run stay below 2 GiB; another run may want as much. */
const MEMORY_MIN_BYTES = 4 * 1024 ** 3;

/**
 * Named after this process, so that a later run sees whether anybody needs it still. Other users may enter:
 * PostgreSQL runs as one.
 */
export async function createTempFolder(parent = tmpdir()): Promise<string> {
  const folder = await mkdtemp(join(parent, `${PREFIX}${process.pid}-`));
  await chmod(folder, 0o755);
  return folder;
}

/**
 * Where Linux keeps files in memory, if there is room: a database is cloned in 15 ms there, and in 300 on the
 * disk of a small machine.
 */
export async function fastestParent(): Promise<string> {
  const { bavail, bsize } = await statfs(MEMORY_FOLDER).catch(() => ({ bavail: 0, bsize: 0 }));
  return bavail * bsize >= MEMORY_MIN_BYTES ? MEMORY_FOLDER : tmpdir();
}

/** Also while a server that is being killed still writes into it. */
export async function removeFolder(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true, maxRetries: 20 });
}

/**
 * Removes what runs left that were killed. Another run may sweep at the same time; folders of the living are
 * left alone.
 */
export async function sweepTempFolders(): Promise<void> {
  for (const parent of [tmpdir(), MEMORY_FOLDER]) {
    const names = (await readdir(parent).catch(() => [])).filter((name) => name.startsWith(PREFIX));
    const dead = names.filter((name) => !isAlive(Number.parseInt(name.slice(PREFIX.length), 10)));
    for (const name of dead) await removeFolder(join(parent, name));
  }
}
