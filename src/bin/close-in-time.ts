import { within } from "../core/lib/within.ts";
import { STOP_CLOSE_MS } from "../core/model/limits.ts";

/**
 * Closes the connections of a process that ends. One whose server does not answer must not keep the process: the kernel
 * closes what is left.
 */
export async function closeInTime(platform: { close(): Promise<void> }): Promise<void> {
  await within(STOP_CLOSE_MS, platform.close()).catch(() => undefined);
}
