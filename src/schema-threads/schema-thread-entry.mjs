// Where a thread that checks inputs begins when the platform runs from its sources: a worker thread has none
// of the hooks by which the main thread runs TypeScript. The built package starts with schema-thread-main.js.
import { register } from "tsx/esm/api";

register();
await import("./schema-thread-main.ts");
