import { atTheEnd } from "./cleanup.ts";
import { createTempFolder, fastestParent, removeFolder } from "./temp-folder.ts";

/**
 * A new folder that everybody may enter, removed at the end of the test; below the temporary folder of the
 * machine when `parent` is left out.
 */
export async function temporaryFolder(parent?: string): Promise<string> {
  const folder = await createTempFolder(parent);
  atTheEnd(() => removeFolder(folder));
  return folder;
}

/** A temporary folder for the data of a server: in memory, where there is room, so that no disk is waited for. */
export async function dataFolder(): Promise<string> {
  return await temporaryFolder(await fastestParent());
}
