import { z } from "zod";

/**
 * What a command may say on one line of its stdout: an object with exactly one of these, told apart by the
 * first key.
 */
const MESSAGES = {
  progress: z.strictObject({ progress: z.number().min(0).max(1), message: z.string().optional() }),
  retry_after_ms: z.strictObject({ retry_after_ms: z.number().min(0) }),
  cost: z.strictObject({ cost: z.int().min(0) }),
  output: z.strictObject({ output: z.unknown() }),
  log: z.strictObject({ log: z.string(), level: z.enum(["debug", "info", "warn", "error"]).optional() }),
};

type Kind = keyof typeof MESSAGES;
export type Message = { [K in Kind]: z.output<(typeof MESSAGES)[K]> }[Kind];

/** The message of a line, or undefined when it is none. */
export function parseMessage(line: string): Message | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (typeof value !== "object" || value === null) return undefined;
  for (const [key, schema] of Object.entries(MESSAGES)) {
    if (Object.hasOwn(value, key)) return schema.safeParse(value).data;
  }
  return undefined;
}
