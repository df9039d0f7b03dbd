import { cp, readFile, rm, symlink } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { buildDist } from "../../scripts/build-dist.ts";
import { createTempFolder, fastestParent, removeFolder } from "./temp-folder.ts";

const REPOSITORY = fileURLToPath(new URL("../..", import.meta.url));

interface BuiltPackage {
  readonly folder: string;
  /** Builds it anew, from sources that have changed. */
  rebuild(): Promise<void>;
  remove(): Promise<void>;
}

/**
 * The package as `npm pack` packs it, in a folder of this run: its processes start in a third of the processor
 * time that a checkout takes, which compiles its sources at each start.
 */
export async function buildPackage(): Promise<BuiltPackage> {
  const folder = await createTempFolder(await fastestParent());
  const built: BuiltPackage = {
    folder,
    rebuild: () => writePackage(folder),
    remove: () => removeFolder(folder),
  };
  try {
    await symlink(join(REPOSITORY, "node_modules"), join(folder, "node_modules"));
    await built.rebuild();
    return built;
  } catch (error) {
    await built.remove();
    throw error;
  }
}

async function writePackage(folder: string): Promise<void> {
  const text = await readFile(join(REPOSITORY, "package.json"), "utf8");
  // Our own file: what it packs is a list of names.
  const { files } = JSON.parse(text) as { readonly files: readonly string[] };
  for (const name of ["package.json", ...files.filter((file) => file !== "dist")]) {
    await rm(join(folder, name), { recursive: true, force: true });
    await cp(join(REPOSITORY, name), join(folder, name), { recursive: true });
  }
  // `npm run types` checks the types.
  await buildDist(join(folder, "dist"), ["--noCheck", "--singleThreaded"]);
}
