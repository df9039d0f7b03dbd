import { isUtf8 } from "node:buffer";
import { z } from "zod";
import type { Api } from "./api.ts";
import { PlatformError } from "../../core/lib/errors.ts";

/** JSON in UTF-8 is the only body: Fastify's text/plain is taken away, and bytes that are not UTF-8 are refused rather than replaced. */
export function acceptJsonBodies(api: Api): void {
  const parseJson = api.getDefaultJsonParser("error", "error");
  api.removeAllContentTypeParsers();
  api.addContentTypeParser("application/json", { parseAs: "buffer" }, (request, body, done) => {
    // `parseAs: "buffer"` makes it one; the type covers both ways.
    const bytes = body as Buffer;
    if ((request.headers["content-encoding"] ?? "identity") !== "identity") {
      return done(new PlatformError("unsupported_media_type", "Send the body uncompressed."));
    }
    if (bytes.length === 0 && mayBeEmpty(request.routeOptions.schema?.body)) return done(null, undefined);
    if (!isUtf8(bytes)) return done(new PlatformError("malformed_request", "The body is not UTF-8."));
    return parseJson(request, bytes.toString("utf8"), done);
  });
}

/** Clients send the content type also where there is nothing to say, with DELETE for one. */
function mayBeEmpty(schema: unknown): boolean {
  return !(schema instanceof z.ZodType) || schema.isNullable();
}
