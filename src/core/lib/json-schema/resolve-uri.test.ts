import { expect, test } from "vitest";
import { resolveUri } from "./resolve-uri.ts";

const BASE = "http://a/b/c/d;p?q";

// RFC 3986, section 5.4.
test.each([
  ["g:h", "g:h"],
  ["g", "http://a/b/c/g"],
  ["./g", "http://a/b/c/g"],
  ["g/", "http://a/b/c/g/"],
  ["/g", "http://a/g"],
  ["//g", "http://g"],
  ["?y", "http://a/b/c/d;p?y"],
  ["#s", "http://a/b/c/d;p?q#s"],
  ["", "http://a/b/c/d;p?q"],
  [".", "http://a/b/c/"],
  ["..", "http://a/b/"],
  ["../../../g", "http://a/g"],
  ["g;x=1/../y", "http://a/b/c/y"],
  ["g?y/../x", "http://a/b/c/g?y/../x"],
])("%s is %s", (reference, resolved) => {
  expect(resolveUri(BASE, reference)).toBe(resolved);
});

test.each([
  ["urn:x", "#a", "urn:x#a"],
  ["urn:example:a", "other", "urn:other"],
  ["http://a", "b", "http://a/b"],
  ["http://[", "::", "http://[/::"],
])("against %s, %s is %s", (base, reference, resolved) => {
  expect(resolveUri(base, reference)).toBe(resolved);
});
