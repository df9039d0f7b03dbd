import { expect, test } from "vitest";
import { findWebhookUrlFault } from "./webhook-url.ts";

const strict = { allowPrivate: false };

test.each([
  ["ftp://example.com", "must begin with https://"],
  ["http://example.com/hook", "must begin with https://"],
  ["javascript:alert(1)", "must begin with https://"],
  ["example.com", "must be an address such as"],
  ["https://user:pass@example.com", "no user and no password"],
  ["https://localhost/hook", "private address"],
  ["https://a.localhost./hook", "private address"],
  ["https://127.0.0.1", "private address"],
  ["https://2130706433/", "private address 127.0.0.1"],
  ["https://0x7f.1/", "private address 127.0.0.1"],
  ["https://0177.0.0.1/", "private address 127.0.0.1"],
  ["https://10.1.2.3", "private address"],
  ["https://172.16.0.1", "private address"],
  ["https://192.168.1.1", "private address"],
  ["https://169.254.169.254/latest/meta-data", "private address"],
  ["https://100.64.0.1", "private address"],
  ["https://0.0.0.0", "private address"],
  ["https://224.0.0.1", "private address"],
  ["https://[::1]", "private address"],
  ["https://[::]", "private address"],
  ["https://[::ffff:127.0.0.1]", "private address"],
  ["https://[::ffff:a9fe:a9fe]", "private address"],
  ["https://[64:ff9b::7f00:1]", "private address"],
  ["https://[fd00::1]", "private address"],
  ["https://[fe80::1]", "private address"],
  [`https://example.com/${"a".repeat(2_000)}`, "at most 2000 characters"],
])("%s is refused", (url, fault) => {
  expect(findWebhookUrlFault(url, strict)).toContain(fault);
});

test.each(["https://example.com/hook?x=1", "https://8.8.8.8", "https://[2606:4700::1111]:8443/a"])(
  "%s is taken",
  (url) => {
    expect(findWebhookUrlFault(url, strict)).toBeUndefined();
  },
);

test("private addresses and http are taken where they are allowed, users never", () => {
  const allowed = { allowPrivate: true };
  expect(findWebhookUrlFault("http://127.0.0.1:3000/hook", allowed)).toBeUndefined();
  expect(findWebhookUrlFault("http://a:b@127.0.0.1", allowed)).toContain("no user");
  expect(findWebhookUrlFault("ftp://127.0.0.1", allowed)).toContain("https://");
});
