// Where a worker thread begins when the platform runs from its sources. It is JavaScript, because a worker
// thread has none of the hooks by which the main thread runs TypeScript. The built package starts its threads
// with thread-main.js.
// It does not await at its top level: V8 aborts the whole process when a thread is terminated in the very
// moment in which a module that does begins.

// See bin/iep.js: what another user may have put into a temporary folder does not run.
// oxlint-disable-next-line no-process-env -- tsx has no other way to be told.
process.env["TSX_DISABLE_CACHE"] = "1";
void import("tsx/esm/api").then(({ register }) => {
  register();
  return import("./thread-main.ts");
});
