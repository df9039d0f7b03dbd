import { createReadStream } from "node:fs";
import { z } from "zod";
import { BODY_BYTES_MAX } from "../../core/model/limits.ts";

type Bytes = AsyncIterable<Uint8Array | string>;

/**
 * An option with JSON, `@file` to read it from a file, or `-` to read standard input. Becomes the parsed
 * value.
 */
export function jsonArgument(stdin: Bytes = process.stdin) {
  return z.string().transform(async (text, context): Promise<unknown> => {
    const read = await readJson(text, stdin);
    if ("value" in read) return read.value;
    context.issues.push({ code: "custom", message: read.fault, input: text });
    return z.NEVER;
  });
}

async function readJson(text: string, stdin: Bytes): Promise<{ value: unknown } | { fault: string }> {
  if (text === "-") return await parse(readAll(stdin), "standard input");
  if (text.startsWith("@")) return await parse(readAll(createReadStream(text.slice(1))), text.slice(1));
  return await parse(readAll(only(text)), undefined);
}

async function parse(
  reading: Promise<Uint8Array>,
  source: string | undefined,
): Promise<{ value: unknown } | { fault: string }> {
  const where = source === undefined ? "" : ` in ${source}`;
  try {
    const bytes = await reading;
    if (bytes.length > BODY_BYTES_MAX) return { fault: `is larger than 1 MiB${where}` };
    return { value: JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes)) };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    if (error instanceof SyntaxError) return { fault: `is not valid JSON${where}: ${reason}` };
    if (error instanceof TypeError) return { fault: `is not UTF-8${where}` };
    return { fault: `cannot be read: ${reason}` };
  }
}

/** Stops reading soon after the limit, so that memory stays bounded. */
async function readAll(source: Bytes): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of source) {
    const bytes = Buffer.from(chunk);
    chunks.push(bytes);
    length += bytes.length;
    if (length > BODY_BYTES_MAX) break;
  }
  return Buffer.concat(chunks);
}

async function* only(text: string): AsyncGenerator<string> {
  yield text;
}
