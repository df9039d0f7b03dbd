import { stat } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Processor } from "../sdk/processor.ts";
import { PROCESSOR_JSON, readProcessorJson } from "../subprocess/processor-json.ts";

// This file is the package's `./processors/testing`: what a test of a processor needs. A test compares what it exports
// with a list.
export { runForTest, testContext } from "../sdk/test-context.ts";
export type { TestContext } from "../sdk/test-context.ts";

/**
 * Returns the processor of a folder with a `processor.json`, for `runForTest`. Each attempt is a process, as a runner
 * starts it: environment, limits, exit codes, and the end of its process group on an abort. Throws an Error that names
 * every fault of the `processor.json`.
 *
 * ```ts
 * const pages = await commandForTest(new URL("./pages/", import.meta.url));
 * expect(await runForTest(pages, { url })).toEqual({ pages: 12 });
 * await expect(runForTest(pages, {})).rejects.toMatchObject({ code: "input_invalid" });
 * ```
 */
export async function commandForTest(folder: string | { readonly href: string }): Promise<Processor> {
  const path = typeof folder === "string" ? folder : fileURLToPath(folder.href);
  const isFolder = await stat(path).then(
    (entry) => entry.isDirectory(),
    () => false,
  );
  if (!isFolder) throw new Error(`${path} is no folder: name the one that has the ${PROCESSOR_JSON}`);
  try {
    return await readProcessorJson(join(path, PROCESSOR_JSON));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`${join(path, PROCESSOR_JSON)}: ${reason}`, { cause: error });
  }
}
