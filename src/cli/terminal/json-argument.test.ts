import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { temporaryFolder } from "../../../test/support/temporary-folder.ts";
import { jsonArgument } from "./json-argument.ts";

const MIB = 1024 * 1024;

async function* stream(...chunks: (string | Uint8Array)[]): AsyncGenerator<string | Uint8Array> {
  yield* chunks;
}

async function faultOf(
  text: string,
  stdin: AsyncIterable<string | Uint8Array> = stream(),
): Promise<string | undefined> {
  const parsed = await jsonArgument(stdin).safeParseAsync(text);
  return parsed.error?.issues[0]?.message;
}

async function writeTemporary(content: string | Uint8Array): Promise<string> {
  const file = join(await temporaryFolder(), "input.json");
  await writeFile(file, content);
  return file;
}

test("JSON is read from the word itself, a file or standard input", async () => {
  const file = await writeTemporary('\uFEFF{"from":"file"}');
  expect(await jsonArgument().parseAsync("[1,null]")).toEqual([1, null]);
  expect(await jsonArgument().parseAsync(`@${file}`)).toEqual({ from: "file" });
  expect(await jsonArgument(stream('{"fr', 'om":"stdin"}')).parseAsync("-")).toEqual({ from: "stdin" });
});

test("a character that two chunks share stays whole", async () => {
  const bytes = Buffer.from('"é"');
  expect(await jsonArgument(stream(bytes.subarray(0, 2), bytes.subarray(2))).parseAsync("-")).toBe("é");
});

test("what is no JSON is named with its source", async () => {
  const file = await writeTemporary("{");
  expect(await faultOf("{")).toMatch(/^is not valid JSON: /);
  expect(await faultOf(`@${file}`)).toContain(`is not valid JSON in ${file}: `);
  expect(await faultOf("-", stream(""))).toMatch(/^is not valid JSON in standard input: /);
  expect(await faultOf("-", stream(Buffer.from([0x22, 0xff, 0x22])))).toBe("is not UTF-8 in standard input");
  expect(await faultOf("@/does/not/exist.json")).toMatch(/^cannot be read: ENOENT/);
});

test("more than 1 MiB is refused, and not read to its end", async () => {
  const ofSize = (bytes: number): string => `"${"x".repeat(bytes - 2)}"`;
  expect(await faultOf(ofSize(MIB))).toBeUndefined();
  expect(await faultOf(ofSize(MIB + 1))).toBe("is larger than 1 MiB");
  async function* endless(): AsyncGenerator<string> {
    for (;;) yield "x".repeat(MIB);
  }
  expect(await faultOf("-", endless())).toBe("is larger than 1 MiB in standard input");
});
