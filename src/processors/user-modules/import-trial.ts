import type { TrialMessage } from "./find-endless.ts";
import { importUserModules } from "./import-user-modules.ts";

// Where the process begins that `findEndless` starts. It imports the files that it is sent.

const tell = (message: TrialMessage): void => {
  process.send?.(message);
};

process.once("message", (files: readonly string[]) => void importAll(files));
process.once("disconnect", () => process.exit());
tell({ ready: true });

async function importAll(files: readonly string[]): Promise<void> {
  await importUserModules(files, (file, isDone) => tell({ file, isDone }));
}
