import { randomUUID } from "node:crypto";
import { realpath } from "node:fs/promises";
import { register as registerHook } from "node:module";
import { dirname } from "node:path";
import { pathToFileURL } from "node:url";

/**
 * Conditions of this package's `exports` under which its own name leads to this very copy. Empty in the built
 * package: there the plain conditions do.
 */
const OWN_CONDITIONS = import.meta.url.endsWith(".ts") ? ["iep-source"] : [];

export type ImportedModule =
  | { readonly file: string; readonly module: Readonly<Record<string, unknown>> }
  | { readonly file: string; readonly error: unknown };

/**
 * Imports TypeScript and JavaScript files as ES modules on every Node that we support, in the order given;
 * what importing one throws is answered, not thrown. `onFile` hears when an import begins and ends. The files share one copy of everything that they import,
 * which is not the copy of this process: compare by brand, never by `instanceof`.
 */
export async function importUserModules(
  files: readonly string[],
  onFile: (file: string, isDone: boolean) => void = () => undefined,
): Promise<ImportedModule[]> {
  if (files.length === 0) return [];
  // Where links point to, because that is what Node names a module by. A link to nothing fails below, at its
  // import.
  const realFiles = await Promise.all(files.map((file) => realpath(file).catch(() => file)));
  // Before tsx: hooks that are registered later run first, and tsx must see the format that ours sets.
  registerHook(new URL("./user-module-hook.mjs", import.meta.url), {
    data: {
      folders: [...new Set(realFiles.map((file) => `${pathToFileURL(dirname(file)).href}/`))],
      fallbackParent: import.meta.url,
      ownConditions: OWN_CONDITIONS,
    },
  });
  // See bin/iep.js: what another user may have put into a temporary folder does not run.
  // oxlint-disable-next-line no-process-env -- tsx has no other way to be told.
  process.env["TSX_DISABLE_CACHE"] = "1";
  // Loaded only now: a runner without files of a user's needs neither tsx nor esbuild.
  const { register: registerTsx } = await import("tsx/esm/api");
  // A namespace sets these modules apart from the process's own, whether tsx, vitest or nothing loads those.
  const tsx = registerTsx({ namespace: `iep-processors-${randomUUID()}` });
  const imported: ImportedModule[] = [];
  for (const file of files) {
    onFile(file, false);
    try {
      imported.push({ file, module: await tsx.import(pathToFileURL(file).href, import.meta.url) });
    } catch (error) {
      imported.push({ file, error });
    }
    onFile(file, true);
  }
  // Not unregistered: a processor may import more while it runs.
  return imported;
}
