import { readFileSync } from "node:fs";

// `import … with { type: "json" }` would print a warning on Node 20. The path holds in `src/` and in `dist/`.
const text = readFileSync(new URL("../../../package.json", import.meta.url), "utf8");

/** The version of this package, as in its package.json. */
// npm packs and installs nothing without a version.
export const VERSION = (JSON.parse(text) as { version: string }).version;
