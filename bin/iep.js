#!/usr/bin/env node
import { existsSync } from "node:fs";

const source = new URL("../src/bin/iep.ts", import.meta.url);

// Only a checkout has the sources, and it runs them without a build. An installed package has `dist/` alone, and runs no
// TypeScript of ours.
if (existsSync(source)) {
  // It keeps what it compiled in a folder of the machine's temporary one. Whoever makes that folder first would say what
  // runs here.
  process.env.TSX_DISABLE_CACHE = "1";
  const { register } = await import("tsx/esm/api");
  register();
  await import(source.href);
} else {
  await import("../dist/bin/iep.js");
}
