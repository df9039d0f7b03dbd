import { isUtf8 } from "node:buffer";
import type { FastifyRequest } from "fastify";
import { z } from "zod";
import type { Api } from "./api.ts";
import { PlatformError } from "../../core/lib/errors.ts";
import { findRepeatedName } from "../../core/lib/repeated-names.ts";
import { Turns } from "../../core/lib/turns.ts";
import { LARGE_BODY_BYTES } from "../../core/model/limits.ts";

type Done = (error: Error | null, value?: unknown) => void;

const CHARSET = /;\s*charset\s*=\s*"?([^\s";]*)/i;

/**
 * Accepts only JSON in UTF-8. Removes Fastify's parser of text/plain, and refuses bytes that are not UTF-8
 * instead of replacing them. A name that stands twice in an object is refused, because two readers of the
 * body would see two values. Large bodies take turns.
 */
export function acceptJsonBodies(api: Api): void {
  const parseJson = api.getDefaultJsonParser("error", "error");
  const turns = new Turns();
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
    if (bytes.length < LARGE_BODY_BYTES) return read(request, bytes, done);
    // `read` throws nothing: what is wrong goes to `done`.
    return void turns.take(() => read(request, bytes, done));
  });

  function read(request: FastifyRequest, bytes: Buffer, done: Done): void {
    const text = bytes.toString("utf8");
    parseJson(request, text, (error, value: unknown) => {
      if (error) return done(error);
      const repeated = findRepeatedName(text, value);
      return repeated === undefined ? done(null, value) : done(repeatedName(repeated));
    });
  }
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
