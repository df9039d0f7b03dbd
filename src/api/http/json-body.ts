import { isUtf8 } from "node:buffer";
import { z } from "zod";
import type { Api } from "./api.ts";
import { longWork } from "./long-work.ts";
import { PlatformError } from "../../core/lib/errors.ts";
import { findRepeatedName } from "../../core/lib/repeated-names.ts";
import { LARGE_BODY_BYTES } from "../../core/model/limits.ts";

const CHARSET = /;\s*charset\s*=\s*"?([^\s";]*)/i;

/**
 * Accepts only JSON in UTF-8. Removes Fastify's parser of text/plain, and refuses bytes that are not UTF-8
 * instead of replacing them. A name that stands twice in an object is refused, because two readers of the
 * body would see two values. Large bodies take turns.
 */
export function acceptJsonBodies(api: Api): void {
  const parseJson = api.getDefaultJsonParser("error", "error");
  api.removeAllContentTypeParsers();
  api.addContentTypeParser("application/json", { parseAs: "buffer" }, (request, body, done) => {
    // With `parseAs: "buffer"` it is a Buffer; the type covers strings, too.
    const bytes = body as Buffer;
    const { "content-encoding": encoding = "identity", "content-type": type = "" } = request.headers;
    if (encoding !== "identity")
      return done(unsupported("Send the body uncompressed, without Content-Encoding."));
    const charset = CHARSET.exec(type)?.[1];
    if (charset !== undefined && !/^utf-?8$/i.test(charset))
      return done(unsupported("JSON is UTF-8. Send it so, and leave charset out of Content-Type."));
    if (bytes.length === 0 && mayBeEmpty(request.routeOptions.schema?.body)) return done(null, undefined);
    if (!isUtf8(bytes)) return done(malformed("The body is not valid UTF-8. Send JSON in UTF-8."));
    const text = bytes.toString("utf8");
    const refuseRepeated = (value: unknown): void => {
      const repeated = findRepeatedName(text, value);
      if (repeated === undefined) done(null, value);
      else done(repeatedName(repeated));
    };
    // Nothing in here throws: what is wrong goes to `done`.
    if (bytes.length < LARGE_BODY_BYTES)
      return parseJson(request, text, (error, value) => (error ? done(error) : refuseRepeated(value)));
    return void longWork.take(() =>
      parseJson(request, text, (error, value) => {
        if (error) return done(error);
        return void longWork.take(() => refuseRepeated(value));
      }),
    );
  });
}

function repeatedName(pointer: string): PlatformError {
  return new PlatformError(
    "malformed_request",
    "A name stands twice in one object of the body. Send it once.",
    {
      errors: [{ pointer, message: "stands twice in its object: send it once" }],
    },
  );
}

function malformed(detail: string): PlatformError {
  return new PlatformError("malformed_request", detail);
}

function unsupported(detail: string): PlatformError {
  return new PlatformError("unsupported_media_type", detail);
}

/** Some clients send a content type with requests that have no body, for example with DELETE. */
function mayBeEmpty(schema: unknown): boolean {
  return !(schema instanceof z.ZodType) || schema.isNullable();
}
