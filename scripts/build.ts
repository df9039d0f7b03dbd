import { readdir, readFile, rm } from "node:fs/promises";
import { join, resolve, dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { buildDist, compile } from "./build-dist.ts";

// `npm run build` writes `dist/`: the JavaScript that the installed package runs, and the declarations of
// what a processor's file may import, and the dashboard's script and style sheet. `npm pack` runs it by itself.

const DIST = fileURLToPath(new URL("../dist", import.meta.url));

await rm(DIST, { recursive: true, force: true });
await buildDist(DIST);
await compile("tsconfig.build-types.json");
await dropDeclarations(["processors/sdk/define-processor.d.ts", "processors/testing/command-for-test.d.ts"]);

/** The compiler declares all that the entries run. Users need what the declarations of the entries lead to. */
async function dropDeclarations(entries: readonly string[]): Promise<void> {
  const needed = entries.map((entry) => join(DIST, entry));
  for (const file of needed) {
    const text = await readFile(file, "utf8");
    for (const [, specifier = ""] of text.matchAll(/from "(\.[^"]+)"/g)) {
      const target = resolve(dirname(file), specifier.replace(/\.[jt]s$/, ".d.ts"));
      if (!needed.includes(target)) needed.push(target);
    }
  }
  for (const name of await readdir(DIST, { recursive: true })) {
    const file = join(DIST, name);
    if (name.endsWith(".d.ts") && !needed.includes(file)) await rm(file);
  }
}
