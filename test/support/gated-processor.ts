import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { directoryWith } from "./directory-with.ts";

/** `test.gated` runs until its input, the path of a file, exists. */
export const GATED_PROCESSOR = `
  import { existsSync } from "node:fs";
  import { setTimeout as wait } from "node:timers/promises";
  import { defineProcessor } from "innovation-ecosystem-platform/processors";
  export default defineProcessor({
    id: "test.gated",
    async run(gate, { signal }) {
      while (!existsSync(gate)) await wait(20, undefined, { signal });
      return "through";
    },
  });`;

export interface GatedProcessor {
  /** For PROCESSORS_DIR. The processor's id is `test.gated`. */
  readonly directory: string;
  /** The `input_data` of its jobs. */
  readonly gate: string;
  readonly openGate: () => Promise<void>;
}

/** A processor whose jobs run until `openGate`: for as long as the test needs them to, on any machine. */
export async function createGatedProcessor(): Promise<GatedProcessor> {
  const directory = await directoryWith({ "gated.ts": GATED_PROCESSOR });
  const gate = join(directory, "gate.open");
  return { directory, gate, openGate: () => writeFile(gate, "") };
}
