// Where a worker thread begins, in JavaScript: what the main thread has registered to load TypeScript is not ours.
import { register } from "tsx/esm/api";

register();
await import("./thread-main.ts");
