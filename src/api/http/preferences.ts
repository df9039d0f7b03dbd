import type { FastifyReply, FastifyRequest } from "fastify";
import { PlatformError } from "../../core/lib/errors.ts";
import { cut } from "../../core/lib/cut.ts";
import { WAIT_MAX_SECONDS } from "../../core/model/limits.ts";

/** Characters of the preferences that a response names. */
const SHOWN_MAX = 200;
/** RFC 7240: `name`, `name=value` or `name="value"`, and parameters. */
const PREFERENCE =
  /(?:^|,)\s*([\w!#$%&'*+.^`|~-]+)(?:\s*=\s*(?:"([^"]*)"|([\w!#$%&'*+.^`|~-]*)))?(?:\s*;[^,]*)?/g;

/**
 * Says what becomes of the preferences of a request (RFC 7240): `Preference-Applied` has those that are
 * honoured, `Preference-Ignored` the others, so that nobody waits for an effect that does not come. With
 * `handling=strict` one that is not honoured refuses the request, before anything is done.
 */
export function answerPreferences(request: FastifyRequest, reply: FastifyReply, prefer: string): void {
  const asked = new Map<string, string>();
  // The first of a name counts.
  for (const [, name = "", quoted, token] of prefer.matchAll(PREFERENCE)) {
    const key = name.toLowerCase();
    if (!asked.has(key)) asked.set(key, quoted ?? token ?? "");
  }
  const applied: string[] = [];
  const ignored: string[] = [];
  for (const [name, value] of asked) {
    const wait_seconds = name === "wait" ? waitOf(request, value) : undefined;
    if (wait_seconds !== undefined) {
      request.wait_seconds = wait_seconds;
      applied.push(`wait=${wait_seconds}`);
      continue;
    }
    const shown = value === "" ? name : `${name}=${shownValue(value)}`;
    (isHonoured(request.method, name, value) ? applied : ignored).push(shown);
  }
  const named = cut(ignored.join(", "), SHOWN_MAX);
  if (ignored.length > 0 && asked.get("handling")?.toLowerCase() === "strict")
    throw new PlatformError(
      "malformed_request",
      `These preferences cannot be honoured: ${named}. Leave them out, or leave out handling=strict.`,
    );
  if (applied.length > 0) reply.header("preference-applied", applied.join(", "));
  if (ignored.length > 0) reply.header("preference-ignored", named.replaceAll("…", "..."));
}

/** A response always has what was created or changed, which is `return=representation`. */
function isHonoured(method: string, name: string, value: string): boolean {
  if (name === "handling") return /^(strict|lenient)$/i.test(value);
  return name === "return" && /^representation$/i.test(value) && ["POST", "PATCH", "PUT"].includes(method);
}

/** How long a submission is to wait for its job: no longer than that. Undefined where nothing waits. */
function waitOf({ method, routeOptions }: FastifyRequest, value: string): number | undefined {
  if (method !== "POST" || routeOptions.url !== "/jobs" || !/^\d{1,9}$/.test(value)) return undefined;
  return Math.min(Number(value), WAIT_MAX_SECONDS);
}

function shownValue(value: string): string {
  const shown = cut(value.replaceAll(/[^\x20-\x7e]/g, "?"), SHOWN_MAX).replaceAll("…", "...");
  return /^[\w!#$%&'*+.^`|~-]+$/.test(shown) ? shown : `"${shown}"`;
}
