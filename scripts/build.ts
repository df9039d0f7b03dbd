import { rm } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { buildDist, compile } from "./build-dist.ts";

// `npm run build` writes `dist/`: the JavaScript that the installed package runs, and the declarations of
// what a processor's file may import, and the dashboard's script and style sheet. `npm pack` runs it by itself.

const DIST = fileURLToPath(new URL("../dist", import.meta.url));

await rm(DIST, { recursive: true, force: true });
await buildDist(DIST);
await compile("tsconfig.build-types.json");
