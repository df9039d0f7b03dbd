import { chmod, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isAlive } from "../local/process-table.ts";

const PREFIX = "iep-demo-";

/**
 * A new temporary folder, named after this process. Those of demos that were killed are removed on the way.
 */
export async function createDemoFolder(): Promise<string> {
  await sweep();
  const folder = await mkdtemp(join(tmpdir(), `${PREFIX}${process.pid}-`));
  // When we are root, PostgreSQL runs as another user, who must get in; its own folder below is closed to all
  // but itself.
  await chmod(folder, 0o755);
  return folder;
}

/** Also while a server that is being killed still writes into it. */
export async function removeDemoFolder(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true, maxRetries: 20 });
}

/** Another user's cannot be removed, and are that user's to sweep. */
async function sweep(): Promise<void> {
  const names = (await readdir(tmpdir())).filter((name) => name.startsWith(PREFIX));
  const dead = names.filter((name) => !isAlive(Number.parseInt(name.slice(PREFIX.length), 10)));
  for (const name of dead) await removeDemoFolder(join(tmpdir(), name)).catch(() => undefined);
}
