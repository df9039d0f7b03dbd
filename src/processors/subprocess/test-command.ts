import { join } from "node:path";
import type { Processor } from "../sdk/processor.ts";
import { directoryWith } from "../../../test/support/directory-with.ts";
import { PROCESSOR_JSON, readProcessorJson } from "./processor-json.ts";

interface TestCommand {
  /** What `run.sh` does. */
  readonly script: string;
  /** More of `processor.json`. */
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly files?: Readonly<Record<string, string>>;
}

/** A processor as a user would write it: a folder with `processor.json` and a script for the POSIX shell. */
export async function commandProcessor({ script, settings, files }: TestCommand): Promise<Processor> {
  const folder = await directoryWith({
    "run.sh": `#!/bin/sh\n${script}\n`,
    [PROCESSOR_JSON]: JSON.stringify({ id: "test.command", command: ["./run.sh"], ...settings }),
    ...files,
  });
  return await readProcessorJson(join(folder, PROCESSOR_JSON));
}
