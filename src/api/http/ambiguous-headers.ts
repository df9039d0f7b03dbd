import type { IncomingMessage } from "node:http";
import { PlatformError } from "../../core/lib/errors.ts";

/**
 * Headers that decide who asks, for what, and how often: two of one name may be read differently by a proxy
 * and by us. Node keeps the first of most of them and joins others.
 */
const SINGLE: readonly string[] = [
  "Host",
  "Authorization",
  "Content-Type",
  "Idempotency-Key",
  "Content-Encoding",
];
const NAMES = new Map(SINGLE.map((name) => [name.toLowerCase(), name]));
const LENGTHS: ReadonlySet<number> = new Set(SINGLE.map((name) => name.length));

/** RFC 9110: a host name or an address, and perhaps a port. Empty where the target has no authority. */
const HOST = /^(?:\[[\da-f:.]+\]|[\w.~!$&'()*+,;=%-]*)(?::\d{0,5})?$/i;

/** Why the headers of a request have no single meaning; undefined when they have one. */
export function findAmbiguousHeader(request: IncomingMessage): PlatformError | undefined {
  const { rawHeaders } = request;
  let seen = "";
  for (let n = 0; n < rawHeaders.length; n += 2) {
    const raw = rawHeaders[n] ?? "";
    // Most names have another length, which spares them the lower case.
    if (!LENGTHS.has(raw.length)) continue;
    const name = NAMES.get(raw.toLowerCase());
    if (name === undefined) continue;
    if (seen.includes(name)) return malformed(`The header ${name} stands twice. Send it once.`);
    seen += `${name} `;
  }
  const { host } = request.headers;
  if (host === undefined && request.httpVersion === "1.1") return malformed("The header Host is missing.");
  if (host !== undefined && !HOST.test(host))
    return malformed("The header Host is no host name with a port.");
  return undefined;
}

function malformed(detail: string): PlatformError {
  return new PlatformError("malformed_request", detail);
}
