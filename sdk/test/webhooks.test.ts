import { describe, expect, test } from "vitest";
import { WebhookVerificationError, webhooks } from "../src/create-client.ts";

/** The vector that the libraries of Standard Webhooks share. */
const SECRET = "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const VECTOR = {
  "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
  "webhook-timestamp": "1614265330",
  "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
};
const BODY = '{"test": 2432232314}';
const THEN = { now_seconds: 1_614_265_330 };
const OTHER = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";

test("the published vector verifies, with the prefix of the secret and without", async () => {
  for (const secret of [SECRET, `whsec_${SECRET}`])
    expect(await webhooks.verify(BODY, VECTOR, secret, THEN)).toEqual({ test: 2432232314 });
});

test("what is signed for a test is the published signature", async () => {
  const signed = await webhooks.sign(BODY, SECRET, { id: VECTOR["webhook-id"], ...THEN });
  expect(signed).toEqual(VECTOR);
});

describe("what is accepted", () => {
  test.each<[string, Parameters<typeof webhooks.verify>[0]]>([
    ["a string", BODY],
    ["bytes", new TextEncoder().encode(BODY)],
    ["a Buffer of Node", Buffer.from(BODY)],
    ["an ArrayBuffer", new TextEncoder().encode(BODY).buffer],
  ])("a body as %s", async (_name, body) => {
    expect(await webhooks.verify(body, VECTOR, SECRET, THEN)).toEqual({ test: 2432232314 });
  });

  test("headers of fetch, of Node, in any case", async () => {
    const upper = Object.fromEntries(
      Object.entries(VECTOR).map(([name, value]) => [name.toUpperCase(), value]),
    );
    const several = { ...VECTOR, "webhook-signature": ["v1,AAAA", VECTOR["webhook-signature"]] };
    for (const headers of [new Headers(VECTOR), upper, several])
      expect(await webhooks.verify(BODY, headers, SECRET, THEN)).toBeDefined();
  });

  test("one of several signatures, also of a version that comes later, and one of several secrets", async () => {
    const headers = {
      ...VECTOR,
      "webhook-signature": `v1,Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc= v2,xyz v1a,!!! ${VECTOR["webhook-signature"]} v1`,
    };
    expect(await webhooks.verify(BODY, headers, [OTHER, SECRET], THEN)).toBeDefined();
  });

  test("a clock that differs by less than the tolerance", async () => {
    for (const seconds of [-300, 300])
      expect(
        await webhooks.verify(BODY, VECTOR, SECRET, { now_seconds: THEN.now_seconds + seconds }),
      ).toBeDefined();
    const late = { now_seconds: THEN.now_seconds + 3_000, tolerance_seconds: 3_600 };
    expect(await webhooks.verify(BODY, VECTOR, SECRET, late)).toBeDefined();
  });
});

describe("what is refused", () => {
  const without = (name: keyof typeof VECTOR) => ({ ...VECTOR, [name]: undefined });
  const cases: [string, Parameters<typeof webhooks.verify>, RegExp][] = [
    ["another body", [`${BODY} `, VECTOR, SECRET, THEN], /No signature fits/],
    ["another secret", [BODY, VECTOR, OTHER, THEN], /No signature fits/],
    ["another id", [BODY, { ...VECTOR, "webhook-id": "msg_other" }, SECRET, THEN], /No signature fits/],
    [
      "another time",
      [BODY, { ...VECTOR, "webhook-timestamp": "1614265331" }, SECRET, THEN],
      /No signature fits/,
    ],
    [
      "a signature that is cut",
      [BODY, { ...VECTOR, "webhook-signature": "v1,g0hM9SsE" }, SECRET, THEN],
      /No signature/,
    ],
    [
      "only other versions",
      [BODY, { ...VECTOR, "webhook-signature": "v2,AAAA" }, SECRET, THEN],
      /no signature of version 1/,
    ],
    [
      "no base64",
      [BODY, { ...VECTOR, "webhook-signature": "v1,§§" }, SECRET, THEN],
      /no signature of version 1/,
    ],
    ["no id", [BODY, without("webhook-id"), SECRET, THEN], /webhook-id is missing/],
    ["no time", [BODY, without("webhook-timestamp"), SECRET, THEN], /webhook-timestamp is missing/],
    ["no signature", [BODY, without("webhook-signature"), SECRET, THEN], /webhook-signature is missing/],
    [
      "an old time",
      [BODY, VECTOR, SECRET, { now_seconds: 1_614_265_631 }],
      /is 301 s old, and 300 s are allowed/,
    ],
    ["a time ahead", [BODY, VECTOR, SECRET, { now_seconds: 1_614_265_029 }], /is 301 s ahead/],
    [
      "a time that is none",
      [BODY, { ...VECTOR, "webhook-timestamp": "1e9" }, SECRET, THEN],
      /must be seconds/,
    ],
    [
      "a time that is NaN",
      [BODY, { ...VECTOR, "webhook-timestamp": "NaN" }, SECRET, THEN],
      /must be seconds/,
    ],
    ["an empty secret", [BODY, VECTOR, "", THEN], /The secret must be/],
    ["an empty secret with its prefix", [BODY, VECTOR, "whsec_", THEN], /The secret must be/],
    ["a secret that is no base64", [BODY, VECTOR, "whsec_§", THEN], /The secret must be/],
    ["no secret", [BODY, VECTOR, [], THEN], /no secret/],
    [
      "a parsed body",
      [{ test: 2432232314 } as unknown as string, VECTOR, SECRET, THEN],
      /Give verify the raw body/,
    ],
    ["no body", [undefined as unknown as string, VECTOR, SECRET, THEN], /Give verify the raw body/],
  ];
  test.each(cases)("%s", async (_name, given, message) => {
    const refusal = webhooks.verify(...given);
    await expect(refusal).rejects.toThrow(WebhookVerificationError);
    await expect(refusal).rejects.toThrow(message);
  });

  test("what is signed and no JSON", async () => {
    const headers = await webhooks.sign("<p>", SECRET);
    await expect(webhooks.verify("<p>", headers, SECRET)).rejects.toThrow("it is not JSON");
  });
});
