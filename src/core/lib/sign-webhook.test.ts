import { Webhook } from "standardwebhooks";
import { expect, test } from "vitest";
import { createWebhookSecret, signWebhook, webhookIdOf } from "./sign-webhook.ts";

const ID = "019ab1f3-7a41-7c02-9b1d-2f4e6a8c0d13";
const BODY = '{"test": 2432232314}';

test("the library signs the vector that Standard Webhooks publishes", () => {
  const secret = "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
  const at = new Date(1_614_265_330 * 1_000);
  expect(new Webhook(secret).sign("msg_p5jXN8AQM9LWM0D4loKWxJek", at, BODY)).toBe(
    "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
  );
});

test("what is signed is verified with each secret, and with no other", () => {
  const [current, old, other] = [createWebhookSecret(32), createWebhookSecret(32), createWebhookSecret(32)];
  const headers = signWebhook(ID, BODY, [current, old], new Date());
  expect(headers["webhook-id"]).toBe(webhookIdOf(ID));
  expect(current).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
  for (const secret of [current, old])
    expect(new Webhook(secret).verify(BODY, headers)).toEqual({ test: 2_432_232_314 });
  expect(() => new Webhook(other).verify(BODY, headers)).toThrow("No matching signature");
});

const NO_MATCH = "No matching signature";

test.each([
  ["another body", NO_MATCH, { body: BODY.replace("4}", "5}") }],
  ["another id", NO_MATCH, { headers: { "webhook-id": "msg_other" } }],
  [
    "another time",
    NO_MATCH,
    { headers: { "webhook-timestamp": String(Math.floor(Date.now() / 1_000) - 1) } },
  ],
  ["no signature", "Missing required headers", { headers: { "webhook-signature": "" } }],
])("%s is refused", (_what, message, change: { body?: string; headers?: Record<string, string> }) => {
  const secret = createWebhookSecret(32);
  const headers = { ...signWebhook(ID, BODY, [secret], new Date()), ...change.headers };
  expect(() => new Webhook(secret).verify(change.body ?? BODY, headers)).toThrow(message);
});

test("what was signed six minutes ago is refused", () => {
  const secret = createWebhookSecret(32);
  const headers = signWebhook(ID, BODY, [secret], new Date(Date.now() - 6 * 60_000));
  expect(() => new Webhook(secret).verify(BODY, headers)).toThrow("too old");
});
