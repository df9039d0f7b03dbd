import { atTheEnd } from "./cleanup.ts";
import { createTempFolder, removeFolder } from "./temp-folder.ts";

/**
 * A new folder that everybody may enter, removed at the end of the test; below the temporary folder of the
 * machine when `parent` is left out.
 */
export async function temporaryFolder(parent?: string): Promise<string> {
  const folder = await createTempFolder(parent);
  atTheEnd(() => removeFolder(folder));
  return folder;
}
