import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import csvSummary from "./csv-summary.ts";
import type { Processor } from "../sdk/processor.ts";
import echo from "./echo.ts";
import fileSha256 from "./file-sha256.ts";
import simulate from "./simulate.ts";
import textStatistics from "./text-statistics.ts";

/** `.ts` in the sources, `.js` in the built package. */
const EXTENSION = extname(import.meta.url);

/** Each with its file, without the extension: a worker thread would load it. */
const FILES: ReadonlyMap<Processor, string> = new Map([
  [echo, "./echo"],
  [simulate, "./simulate"],
  [textStatistics, "./text-statistics"],
  [csvSummary, "./csv-summary"],
  [fileSha256, "./file-sha256"],
]);

/** The processors that every runner has, whatever its directory holds. */
export const SHIPPED_PROCESSORS: readonly Processor[] = [...FILES.keys()];

/** The absolute path of the file that has a shipped processor as its default export. */
export function shippedFile(processor: Processor): string {
  const file = FILES.get(processor);
  if (file === undefined) throw new Error(`${processor.id} does not ship`);
  return fileURLToPath(new URL(file + EXTENSION, import.meta.url));
}
