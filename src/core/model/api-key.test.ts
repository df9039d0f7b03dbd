import { assert, constantFrom, nat, pre, property } from "fast-check";
import { expect, test } from "vitest";
import { createApiKey, createOperatorKey, kindOfKey } from "./api-key.ts";

const OF_BEFORE = `iep_${"a-_Z9".repeat(8)}abc`;

test("a key is known by its form", () => {
  const { api_key, prefix } = createApiKey();
  expect(api_key).toMatch(/^iep_[0-9A-Za-z]{49}$/);
  expect(prefix).toBe(api_key.slice(0, 12));
  expect(kindOfKey(api_key)).toBe("customer");
  expect(createOperatorKey().api_key).toMatch(/^iepo_[0-9A-Za-z]{49}$/);
  expect(kindOfKey(createOperatorKey().api_key)).toBe("operator");
});

test("keys of the first form, which have no checksum, go on", () => {
  expect(kindOfKey(OF_BEFORE)).toBe("customer");
  expect(kindOfKey(OF_BEFORE.replace("iep_", "iepo_"))).toBe("operator");
});

test.each(["", "iep_", "iep_abc", `${OF_BEFORE}a`, `x${OF_BEFORE}`, `${OF_BEFORE}\n`, "Iep_", "iepx_"])(
  "%j is no key",
  (text) => expect(kindOfKey(text)).toBeUndefined(),
);

test("one wrong character makes it no key", () => {
  assert(
    property(nat(48), constantFrom("0", "7", "a", "z", "X", "-", "_"), (place, character) => {
      const { api_key } = createApiKey();
      const at = "iep_".length + place;
      pre(api_key[at] !== character);
      const wrong = api_key.slice(0, at) + character + api_key.slice(at + 1);
      expect(kindOfKey(wrong)).toBeUndefined();
    }),
  );
});

test("the checksum is the one that docs/keys.md describes, for whoever writes a scanner", () => {
  for (let n = 0; n < 50; n += 1) {
    const { api_key } = n % 2 === 0 ? createApiKey() : createOperatorKey();
    expect(api_key.slice(-6)).toBe(base62(crc32(api_key.slice(0, -6))).padStart(6, "0"));
  }
});

/** CRC-32 as its definition has it, bit by bit. */
function crc32(text: string): number {
  let crc = 0xffff_ffff;
  for (const byte of Buffer.from(text)) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb8_8320 : 0);
  }
  return (crc ^ 0xffff_ffff) >>> 0;
}

function base62(value: number): string {
  const digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  return (value >= 62 ? base62(Math.floor(value / 62)) : "") + digits.charAt(value % 62);
}
