// Where a worker thread begins when the platform runs from its sources. It is JavaScript, because a worker
// thread has none of the hooks by which the main thread runs TypeScript. The built package starts its threads
// with thread-main.js.
import { register } from "tsx/esm/api";

register();
await import("./thread-main.ts");
