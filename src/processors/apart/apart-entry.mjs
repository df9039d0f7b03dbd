// Where a process for one attempt begins when the platform runs from its sources. It is JavaScript, because this
// process has none of the hooks by which the runner runs TypeScript. The built package starts its processes with
// apart-main.js.
import { register } from "tsx/esm/api";

register();
await import("./apart-main.ts");
