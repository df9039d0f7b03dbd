import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { RELOAD_FILES_MAX } from "../../core/model/limits.ts";

/** When each file of a folder was last written, and how long it is. */
export type FolderState = ReadonlyMap<string, string>;

/** Folders that are large and that nobody edits. */
const PASSED_OVER = /^(?:node_modules|__pycache__|\..*)$/;

/**
 * Returns the state of a folder and of the folders in it, up to a bound. A folder that is missing has no files. Looking
 * again and again instead of listening works on every file system, mounted ones too.
 */
export async function readFolderState(directory: string): Promise<FolderState> {
  const state = new Map<string, string>();
  const folders = [directory];
  for (const folder of folders) {
    const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
    for (const entry of entries) {
      if (state.size + folders.length > RELOAD_FILES_MAX) return state;
      if (PASSED_OVER.test(entry.name)) continue;
      const path = join(folder, entry.name);
      if (entry.isDirectory()) folders.push(path);
      else state.set(path, await stateOf(path));
    }
  }
  return state;
}

/** Of what a link points to. */
async function stateOf(path: string): Promise<string> {
  return await stat(path).then(
    (file) => `${file.mtimeMs} ${file.size}`,
    () => "gone",
  );
}

/** The files that were written, created or deleted between two states. */
export function changedFiles(before: FolderState, after: FolderState): string[] {
  const files = new Set([...before.keys(), ...after.keys()]);
  return [...files].filter((file) => before.get(file) !== after.get(file)).toSorted();
}
