import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { InputError } from "../sdk/fatal-error.ts";
import fileSha256 from "./file-sha256.ts";
import { runForTest } from "../sdk/test-context.ts";

const base64 = (bytes: Uint8Array | string): string => Buffer.from(bytes).toString("base64");
const hex = (text: string): Buffer => Buffer.from(text, "hex");

test("the digest is that of the published test vector", async () => {
  // FIPS 180-4, the example "abc".
  expect(await runForTest(fileSha256, { content_base64: base64("abc"), filename: "abc.txt" })).toEqual({
    filename: "abc.txt",
    sha256: "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    bytes: 3,
    media_type: "application/octet-stream",
  });
});

test("an empty file has a digest", async () => {
  expect(await runForTest(fileSha256, { content_base64: "" })).toEqual({
    sha256: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    bytes: 0,
    media_type: "application/octet-stream",
  });
});

test.each([
  // The smallest files of their kind, as programs write them.
  ["image/png", hex("89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489")],
  ["image/gif", Buffer.from("GIF89a\x01\0\x01\0\0\0\0;", "latin1")],
  ["image/jpeg", hex("ffd8ffe000104a46494600010100000100010000ffd9")],
  ["application/pdf", Buffer.from("%PDF-1.7\n%%EOF\n")],
  ["application/zip", hex(`504b0506${"00".repeat(18)}`)],
  ["application/gzip", gzipSync("hello")],
  ["application/octet-stream", Buffer.from("%PD")],
])("%s is told by its first bytes", async (media_type, content) => {
  expect(await runForTest(fileSha256, { content_base64: base64(content) })).toMatchObject({ media_type });
});

test.each(["YWJj=", "YWJ", "YW Jj", "YWJj\n", "YW-_", "YWJjZB==", "====", "é"])(
  "%j is refused as base64",
  async (content_base64) => {
    const error: unknown = await runForTest(fileSha256, { content_base64 }).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(InputError);
    expect(error).toMatchObject({ errors: [{ pointer: "/content_base64" }] });
  },
);
