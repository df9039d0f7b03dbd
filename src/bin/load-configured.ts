import { loadProcessors, type LoadedProcessors } from "../processors/loader/registry.ts";
import type { Config } from "./config.ts";

const DEFAULT_PROCESSORS_DIR = "./processors";

/** The processors of this machine: those that ship, and those of PROCESSORS_DIR. */
export async function loadConfigured({
  PROCESSORS_DIR,
}: Pick<Config, "PROCESSORS_DIR">): Promise<LoadedProcessors> {
  return await loadProcessors({
    directory: PROCESSORS_DIR ?? DEFAULT_PROCESSORS_DIR,
    required: PROCESSORS_DIR !== undefined,
  });
}
