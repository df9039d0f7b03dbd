import { isUtf8 } from "node:buffer";
import { z } from "zod";
import type { Api } from "./api.ts";
import { PlatformError } from "../../core/lib/errors.ts";

/**
 * Accepts only JSON in UTF-8. Removes Fastify's parser of text/plain, and refuses bytes that are not UTF-8
 * instead of replacing them.
 */
export function acceptJsonBodies(api: Api): void {
  const parseJson = api.getDefaultJsonParser("error", "error");
  api.removeAllContentTypeParsers();
  api.addContentTypeParser("application/json", { parseAs: "buffer" }, (request, body, done) => {
    // With `parseAs: "buffer"` it is a Buffer; the type covers strings, too.
    const bytes = body as Buffer;
    if ((request.headers["content-encoding"] ?? "identity") !== "identity") {
      return done(
        new PlatformError("unsupported_media_type", "Send the body uncompressed, without Content-Encoding."),
      );
    }
    if (bytes.length === 0 && mayBeEmpty(request.routeOptions.schema?.body)) return done(null, undefined);
    if (!isUtf8(bytes))
      return done(new PlatformError("malformed_request", "The body is not valid UTF-8. Send JSON in UTF-8."));
    return parseJson(request, bytes.toString("utf8"), done);
  });
}

/** Some clients send a content type with requests that have no body, for example with DELETE. */
function mayBeEmpty(schema: unknown): boolean {
  return !(schema instanceof z.ZodType) || schema.isNullable();
}
