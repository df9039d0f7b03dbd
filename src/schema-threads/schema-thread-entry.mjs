// Where a thread that checks inputs begins when the platform runs from its sources: a worker thread has none
// of the hooks by which the main thread runs TypeScript. The built package starts with schema-thread-main.js.
// It does not await at its top level: see thread-entry.mjs.
import { register } from "tsx/esm/api";

register();
void import("./schema-thread-main.ts");
