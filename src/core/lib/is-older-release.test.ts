import { expect, test } from "vitest";
import { isOlderRelease } from "./is-older-release.ts";

test.each([
  ["0.1.0", "0.2.0", true],
  ["0.9.0", "0.10.0", true],
  ["0.2.0", "0.1.9", false],
  ["1.0.0", "1.0.0", false],
  ["1.0.0-rc.1", "1.0.0", true],
  ["1.0.0", "1.0.0-rc.1", false],
  ["1.0.1", "1.0.0", false],
])("%s is older than %s: %s", (release, other, isOlder) => {
  expect(isOlderRelease(release, other)).toBe(isOlder);
});
