import { localProcessors } from "../../src/bin/local-processors.ts";
import type { CliContext } from "../../src/cli/terminal/context.ts";

/** For tests: the processors of a folder, in a process that is not guarded, because the other tests share it. */
export function localProcessorsOf(directory?: string): CliContext["localProcessors"] {
  return localProcessors({ PROCESSORS_DIR: directory }, () => () => undefined);
}
