import { z } from "zod";
import type { Processor } from "./processor.ts";

/**
 * The JSON Schema of what a processor returns; undefined when it does not say, or cannot be said so. It is for
 * people who read outputs: the runner checks them with zod.
 */
export function findOutputSchema({ output }: Pick<Processor, "output">): object | undefined {
  if (!output) return undefined;
  try {
    return z.toJSONSchema(output, { io: "output", unrepresentable: "any", metadata: z.registry() });
  } catch {
    // A schema of another version of zod, or one that nobody can write as JSON.
    return undefined;
  }
}
