import { z } from "zod";
import { databaseClock } from "../../../core/lib/database-clock.ts";
import { SCOPES } from "../../../core/model/api-key.ts";
import { KEY_OVERLAP_MAX_SECONDS, TIME_END_MS } from "../../../core/model/limits.ts";
import { Time } from "../../terminal/options.ts";

const LENGTH = /^(\d{1,9})([smhd])$/;
const UNIT_SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 };

/** The option that `KeyScopes` reads. */
export const SCOPES_OPTION = [
  "--scopes <list>",
  `what the key may do, some of ${SCOPES.join(", ")} with commas between them (default: all)`,
] as const;

export const KeyScopes = z
  .string()
  .transform((text) => [...new Set(text.split(",").map((word) => word.trim()))])
  .pipe(z.array(z.enum(SCOPES, `must be some of ${SCOPES.join(", ")}, with commas between them`)));

/** When a key expires: a time, how long from now, or `none`. Becomes RFC 3339, or null for none. */
export const KeyExpiry = z.string().transform((word, context): string | null => {
  if (word === "none") return null;
  const seconds = secondsOf(word);
  const at = seconds === undefined ? Time.safeParse(word).data : isoIn(seconds);
  if (at !== undefined && Date.parse(at) > databaseClock.now()) return at;
  const message =
    at === undefined
      ? "must be none, a time such as 2027-11-23T21:06:00Z, or how long from now, such as 12h or 90d"
      : "must be in the future";
  context.issues.push({ code: "custom", message, input: word });
  return z.NEVER;
});

/** How long an old key stays valid, in seconds. */
export const KeyOverlap = z.string().transform((word, context): number => {
  const seconds = secondsOf(word);
  if (seconds !== undefined && seconds <= KEY_OVERLAP_MAX_SECONDS) return seconds;
  const days = KEY_OVERLAP_MAX_SECONDS / 86_400;
  context.issues.push({
    code: "custom",
    message: `must be a length of time such as 0s, 30m, 12h or 7d, ${days}d at most`,
    input: word,
  });
  return z.NEVER;
});

function secondsOf(word: string): number | undefined {
  const [, count, unit = ""] = LENGTH.exec(word) ?? [];
  return count === undefined ? undefined : Number(count) * (UNIT_SECONDS[unit] ?? 0);
}

/** Undefined for a time beyond those that are accepted. */
function isoIn(seconds: number): string | undefined {
  const at_ms = databaseClock.now() + seconds * 1_000;
  return at_ms < TIME_END_MS ? new Date(at_ms).toISOString() : undefined;
}
