#!/usr/bin/env node
import { existsSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import module from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const source = new URL("../src/bin/iep.ts", import.meta.url);

// Only a checkout has the sources, and it runs them without a build. An installed package has `dist/` alone, and runs no
// TypeScript of ours.
if (existsSync(source)) {
  // It keeps what it compiled in a folder of the machine's temporary one. Whoever makes that folder first would say what
  // runs here.
  process.env.TSX_DISABLE_CACHE = "1";
  const { register } = await import("tsx/esm/api");
  register();
  await import(source.href.includes("%3F") ? linked(source.href) : source.href);
} else {
  await import("../dist/bin/iep.js");
}

/**
 * The URL of a source by a path without "?", which tsx would take for the start of a query. The link to the checkout stands
 * in a folder that only this user may enter, and goes with the process.
 */
function linked(href) {
  const root = new URL("..", import.meta.url).href;
  const folder = mkdtempSync(join(tmpdir(), "iep-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  const link = join(folder, "checkout");
  symlinkSync(fileURLToPath(root), link);
  const alias = `${pathToFileURL(link).href}/`;
  module.register("./alias-hook.mjs", import.meta.url, { data: { root, alias } });
  return alias + href.slice(root.length);
}
