import { access, constants, readdir } from "node:fs/promises";
import { join } from "node:path";
import { findOrInstall } from "./find-program.ts";

/** Where Debian and Ubuntu keep each version of PostgreSQL. */
const VERSIONS_FOLDER = "/usr/lib/postgresql";
/** The oldest that the platform runs on. */
const VERSION_MIN = 15;
const PROGRAMS = ["postgres", "initdb", "pg_basebackup", "pg_dump", "pg_restore"];

/**
 * The folder with a PostgreSQL and its programs for backups, which have to be of one version. Installed on Debian
 * and Ubuntu as root. Elsewhere says what to install and returns undefined; in CI it throws.
 */
export async function findPostgresTools(): Promise<string | undefined> {
  const found = await findFolder();
  if (found !== undefined) return found;
  await findOrInstall([join(VERSIONS_FOLDER, "pg_basebackup")], "postgresql");
  const installed = await findFolder();
  if (installed !== undefined) return installed;
  const message =
    "the tests of a restore need a PostgreSQL of Debian or Ubuntu. Type: sudo apt-get install -y postgresql";
  if (process.env["CI"]) throw new Error(message);
  console.log(`Skipped: ${message}`);
  return undefined;
}

async function findFolder(): Promise<string | undefined> {
  const versions = (await readdir(VERSIONS_FOLDER).catch(() => []))
    .filter((name) => Number(name) >= VERSION_MIN)
    .toSorted((one, other) => Number(other) - Number(one));
  for (const version of versions) {
    const folder = join(VERSIONS_FOLDER, version, "bin");
    const checks = PROGRAMS.map((program) => access(join(folder, program), constants.X_OK));
    if ((await Promise.allSettled(checks)).every(({ status }) => status === "fulfilled")) return folder;
  }
  return undefined;
}
