// Where a worker thread begins when the platform runs from its sources. It is JavaScript, because a worker
// thread has none of the hooks by which the main thread runs TypeScript. The built package starts its threads
// with thread-main.js.

// See bin/iep.js: what another user may have put into a temporary folder does not run.
// oxlint-disable-next-line no-process-env -- tsx has no other way to be told.
process.env["TSX_DISABLE_CACHE"] = "1";
const { register } = await import("tsx/esm/api");
register();
await import("./thread-main.ts");
