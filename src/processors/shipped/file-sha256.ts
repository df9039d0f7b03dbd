import { createHash } from "node:crypto";
import { z } from "zod";
import { defineProcessor } from "../sdk/define-processor.ts";
import { InputError } from "../sdk/fatal-error.ts";

/** How files of a kind begin, as hex. */
const SIGNATURES = [
  ["89504e470d0a1a0a", "image/png"],
  ["ffd8ff", "image/jpeg"],
  ["474946383761", "image/gif"],
  ["474946383961", "image/gif"],
  ["255044462d", "application/pdf"],
  ["504b0304", "application/zip"],
  // A zip without entries is only its end record.
  ["504b0506", "application/zip"],
  ["1f8b", "application/gzip"],
] as const;
const SIGNATURE_BYTES_MAX = 8;

export default defineProcessor({
  id: "file.sha256",
  description: "Takes the SHA-256 of a file and tells its kind by its first bytes.",
  input: z.strictObject({
    /** RFC 4648 section 4, padded, without line breaks. */
    content_base64: z.string().max(1_048_576),
    /** Returned unchanged. It never decides the media type. */
    filename: z.string().min(1).max(255).optional(),
  }),
  output: z.strictObject({
    filename: z.string().optional(),
    sha256: z.string(),
    bytes: z.int(),
    media_type: z.string(),
  }),
  run({ content_base64, filename }) {
    const content = decodeBase64(content_base64);
    return {
      ...(filename === undefined ? {} : { filename }),
      sha256: createHash("sha256").update(content).digest("hex"),
      bytes: content.length,
      media_type: mediaTypeOf(content),
    };
  },
});

/** Node skips what it does not know; encoding again shows whether it did. */
function decodeBase64(text: string): Buffer {
  const content = Buffer.from(text, "base64");
  if (content.toString("base64") !== text) {
    const message = "is not base64 as of RFC 4648 section 4, padded, without line breaks";
    throw new InputError(`/content_base64: ${message}`, [{ pointer: "/content_base64", message }]);
  }
  return content;
}

function mediaTypeOf(content: Buffer): string {
  const start = content.toString("hex", 0, SIGNATURE_BYTES_MAX);
  return SIGNATURES.find(([signature]) => start.startsWith(signature))?.[1] ?? "application/octet-stream";
}
