import { timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { PlatformError } from "./errors.ts";
import { sha256 } from "./sha256.ts";

/** A connection of this host: 127.0.0.0/8, also as IPv6 writes it, and ::1. */
const LOOPBACK = /^(?:(?:::ffff:)?127\.\d+\.\d+\.\d+|::1)$/;
/** A proxy of this host sends these with the requests of others. */
const FORWARDED = [
  "forwarded",
  "via",
  "x-forwarded-for",
  "x-forwarded-host",
  "x-forwarded-port",
  "x-forwarded-proto",
  "x-forwarded-server",
  "x-real-ip",
];
const BEARER = /^Bearer +(.+)$/i;

interface Scraper {
  readonly remoteAddress: string | undefined;
  readonly headers: IncomingHttpHeaders;
}

/**
 * Lets anyone on this host read the metrics, and from elsewhere whoever has METRICS_TOKEN. Throws 401 for
 * others. A request that a proxy of this host passes on comes from elsewhere.
 */
export function admitScraper({ remoteAddress = "", headers }: Scraper, token: string | undefined): void {
  const isLocal = LOOPBACK.test(remoteAddress) && !FORWARDED.some((name) => headers[name] !== undefined);
  if (isLocal) return;
  if (token === undefined)
    throw new PlatformError(
      "missing_api_key",
      "Metrics are for this host alone as long as METRICS_TOKEN is not set. Set it where this process runs, and send it: Authorization: Bearer <METRICS_TOKEN>.",
    );
  const sent = BEARER.exec(headers.authorization ?? "")?.[1];
  if (sent === undefined)
    throw new PlatformError(
      "missing_api_key",
      "Metrics need their token from another host. Send it: Authorization: Bearer <METRICS_TOKEN>.",
    );
  // Digests all have the same length, and this comparison takes the same time wherever they differ.
  if (!timingSafeEqual(sha256(sent), sha256(token)))
    throw new PlatformError("invalid_api_key", "This is not METRICS_TOKEN of this process.");
}
