import { beforeEach, describe, expect, test } from "vitest";
import { createCustomer } from "../../../test/support/test-platform.ts";
import { createApiKey } from "../../core/model/api-key.ts";
import { REFUSAL_DELAY_MS } from "../../core/model/limits.ts";
import { RateLimit } from "../../core/use-cases/rate-limit.ts";
import type { RateLimits } from "../../core/use-cases/rate-limits.ts";
import { createTestApi, type Answer, type TestApi } from "../test-api.ts";

let api: TestApi;
let id: string;
let key: string;

const BURST = 10;

/** What the buckets take for the time, in ms. */
const clock = { now: 0 };

/** Two requests a second, ten at once; of an address six keys a minute that are not valid. */
function limits(): RateLimits {
  const limit = (capacity: number, token_ms: number) =>
    new RateLimit({ name: "test", policy: { capacity, token_ms }, now: () => clock.now });
  return { requests: limit(BURST, 500), failures: limit(6, 10_000), signIns: limit(10, 6_000) };
}

beforeEach(async () => {
  api = await createTestApi({ rateLimits: limits() });
  id = await createCustomer(api.platform);
  key = (await api.ask("POST", `/customers/${id}/api-keys`)).body.api_key;
});

const times = async (count: number, ask: () => Promise<Answer>) => {
  const answers: Answer[] = [];
  for (let n = 0; n < count; n += 1) answers.push(await ask());
  return answers;
};
const outcome = ({ status, body }: Answer) => `${status} ${body?.code ?? ""}`.trim();

describe("requests of a key", () => {
  test("each answer says what is left, and one too many is refused with the time to wait", async () => {
    const answers = await times(BURST, () => api.ask("GET", "/jobs", { key }));
    expect(answers.map(outcome)).toEqual(Array(BURST).fill("200"));
    expect(answers[0]?.headers["ratelimit-policy"]).toBe('"requests";q=10;w=5');
    expect(answers[0]?.headers["ratelimit"]).toBe('"requests";r=9;t=1');
    expect(answers.at(-1)?.headers["ratelimit"]).toBe('"requests";r=0;t=5');

    const asked_at = performance.now();
    const refused = await api.ask("GET", "/jobs", { key });
    expect(outcome(refused)).toBe("429 rate_limited");
    expect(refused.body).toMatchObject({ retryable: true, detail: expect.stringContaining("in 1 s") });
    expect(refused.headers).toMatchObject({
      "retry-after": "1",
      ratelimit: '"requests";r=0;t=1',
      "ratelimit-policy": '"requests";q=10;w=5',
    });
    // A moment later, so that a loop of such requests does not keep the process busy.
    expect(performance.now() - asked_at).toBeGreaterThan(REFUSAL_DELAY_MS * 0.4);
  });

  test("nothing of a refused request is done, and the next one after the wait is served", async () => {
    const submit = () => api.ask("POST", `/customers/${id}/api-keys`, { key, body: {} });
    const answers = await times(BURST + 1, submit);
    expect(answers.map(({ status }) => status)).toEqual([...Array(BURST).fill(201), 429]);
    expect((await api.ask("GET", `/customers/${id}/api-keys?limit=200`)).body.data).toHaveLength(BURST + 1);
    clock.now += 499;
    expect((await api.ask("GET", "/me", { key })).status).toBe(429);
    clock.now += 1;
    expect((await api.ask("GET", "/me", { key })).status).toBe(200);
  });

  test("another key of the same customer, the admin key and an operator's key have their own way", async () => {
    const other = (await api.ask("POST", `/customers/${id}/api-keys`)).body.api_key;
    await times(BURST, () => api.ask("GET", "/me", { key }));
    expect(outcome(await api.ask("GET", "/me", { key }))).toBe("429 rate_limited");
    expect(outcome(await api.ask("GET", "/me", { key: other }))).toBe("200");
    const admin = await times(BURST + 5, () => api.ask("GET", "/me"));
    expect(admin.map(outcome)).toEqual(Array(BURST + 5).fill("200"));
    expect(admin[0]?.headers["ratelimit"]).toBeUndefined();
  });

  test("a session counts as the key that it began with", async () => {
    const signedIn = await api.ask("POST", "/session", { key: null, body: { api_key: key } });
    const cookie = String(signedIn.headers["set-cookie"]).split(";")[0] ?? "";
    await times(BURST, () => api.ask("GET", "/me", { key: null, headers: { cookie } }));
    expect(outcome(await api.ask("GET", "/me", { key }))).toBe("429 rate_limited");
  });

  test("what is refused for its scope counts as well", async () => {
    const { api_key } = (
      await api.ask("POST", `/customers/${id}/api-keys`, { body: { scopes: ["jobs:read"] } })
    ).body;
    const answers = await times(BURST + 1, () => api.ask("GET", `/customers/${id}/wallet`, { key: api_key }));
    expect(answers.map(({ status }) => status)).toEqual([...Array(BURST).fill(403), 429]);
  });
});

describe("keys that are not valid, by address", () => {
  const wrong = () => api.ask("GET", "/jobs", { key: createApiKey().api_key });

  test("after some of them, an address is told to wait, and valid keys are served all the same", async () => {
    await api.ask("GET", "/me", { key });
    const answers = await times(8, wrong);
    expect(answers.slice(0, 6).map(outcome)).toEqual(Array(6).fill("401 invalid_api_key"));
    expect(answers.slice(6).map(outcome)).toEqual(Array(2).fill("429 rate_limited"));
    expect(Number(answers[7]?.headers["retry-after"])).toBeLessThanOrEqual(10);
    // What cannot be a key counts as well.
    expect(outcome(await api.ask("GET", "/jobs", { key: "nonsense" }))).toBe("429 rate_limited");
    expect((await api.ask("GET", "/me", { key })).status).toBe(200);
    expect((await api.ask("GET", "/me")).status).toBe(200);
    // Also one that this process sees for the first time.
    const another = (await api.ask("POST", `/customers/${id}/api-keys`)).body.api_key;
    expect((await api.ask("GET", "/me", { key: another })).status).toBe(200);
  });

  test("a request without a key does not count", async () => {
    const answers = await times(10, () => api.ask("GET", "/jobs", { key: null }));
    expect(answers.map(outcome)).toEqual(Array(10).fill("401 missing_api_key"));
    expect(outcome(await wrong())).toBe("401 invalid_api_key");
  });

  test("behind a proxy that is trusted, each client has an address of its own", async () => {
    const trusting = await createTestApi({
      databaseUrl: api.databaseUrl,
      rateLimits: limits(),
      trustedProxies: ["127.0.0.0/8"],
    });
    const from = (address: string) =>
      trusting.ask("GET", "/jobs", { key: "nonsense", headers: { "x-forwarded-for": address } });
    await times(8, () => from("192.0.2.1"));
    expect(outcome(await from("192.0.2.1"))).toBe("429 rate_limited");
    expect(outcome(await from("192.0.2.2"))).toBe("401 invalid_api_key");
    // What the client itself put there is not the proxy's word.
    expect(outcome(await from("192.0.2.9, 192.0.2.1"))).toBe("429 rate_limited");

    // Without the setting nobody is believed.
    const believed = (address: string) =>
      api.ask("GET", "/jobs", { key: "nonsense", headers: { "x-forwarded-for": address } });
    await times(8, () => believed("192.0.2.1"));
    expect(outcome(await believed("192.0.2.2"))).toBe("429 rate_limited");
  });
});
