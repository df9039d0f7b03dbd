import { fileURLToPath } from "node:url";
import csvSummary from "./csv-summary.ts";
import type { Processor } from "../sdk/define-processor.ts";
import echo from "./echo.ts";
import fileSha256 from "./file-sha256.ts";
import simulate from "./simulate.ts";
import textStatistics from "./text-statistics.ts";

/** Each with its file, which a worker thread would load. */
const FILES: ReadonlyMap<Processor, string> = new Map([
  [echo, "./echo.ts"],
  [simulate, "./simulate.ts"],
  [textStatistics, "./text-statistics.ts"],
  [csvSummary, "./csv-summary.ts"],
  [fileSha256, "./file-sha256.ts"],
]);

/** The processors that every runner has, whatever its directory holds. */
export const SHIPPED_PROCESSORS: readonly Processor[] = [...FILES.keys()];

/** The absolute path of the file that has a shipped processor as its default export. */
export function shippedFile(processor: Processor): string {
  const file = FILES.get(processor);
  if (file === undefined) throw new Error(`${processor.id} does not ship`);
  return fileURLToPath(new URL(file, import.meta.url));
}
