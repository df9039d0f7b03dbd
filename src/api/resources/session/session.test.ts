import { beforeAll, describe, expect, test } from "vitest";
import { runSql } from "../../../../test/support/sql.ts";
import { createCustomer } from "../../../../test/support/test-platform.ts";
import { waitFor } from "../../../../test/support/wait-for.ts";
import { SESSIONS_PER_KEY_MAX, SIGN_IN_FAILURES_MAX } from "../../../core/model/limits.ts";
import { createToken, hashToken } from "../../../core/model/session.ts";
import { SignInLink } from "../../../core/use-cases/sign-in-link.ts";
import { createApi } from "../../server.ts";
import { ADMIN_KEY, createTestApi, type Answer, type TestApi } from "../../test-api.ts";
import { atTheEnd } from "../../../../test/support/cleanup.ts";

const PROMISED_MS = 1_000;
const CSRF = { "x-csrf-protection": "1" };

let api: TestApi;
beforeAll(async () => {
  api = await createTestApi();
});

/** The cookie of an answer, as a browser sends it back. */
function cookieOf({ headers }: Answer): string {
  return String(headers["set-cookie"]).split(";")[0] ?? "";
}

async function signIn(api_key = ADMIN_KEY): Promise<string> {
  const answer = await api.ask("POST", "/session", { key: null, body: { api_key } });
  expect([answer.status, answer.text]).toEqual([204, ""]);
  return cookieOf(answer);
}

function by(cookie: string, headers: Record<string, string> = {}) {
  return { key: null, headers: { cookie, ...headers } };
}

const outcome = ({ status, body }: Answer) => `${status} ${body?.code ?? ""}`.trim();

async function createKey(customer_id: string): Promise<{ id: string; api_key: string }> {
  return (await api.ask("POST", `/customers/${customer_id}/api-keys`)).body;
}

describe("sign-in", () => {
  test("gives a cookie that scripts cannot read and other sites cannot send", async () => {
    const { headers } = await api.ask("POST", "/session", { key: null, body: { api_key: ADMIN_KEY } });
    expect(headers["set-cookie"]).toMatch(
      /^iep_session=[\w-]{43}; Path=\/; Max-Age=43200; HttpOnly; SameSite=Strict$/,
    );
    expect((await api.ask("GET", "/me", by(cookieOf({ headers } as Answer)))).body).toEqual({
      kind: "admin",
      name: "admin",
      role: "admin",
    });
  });

  test("over TLS the cookie is for TLS alone", async () => {
    const sent = { key: null, body: { api_key: ADMIN_KEY }, headers: { "x-forwarded-proto": "https" } };
    expect((await api.ask("POST", "/session", sent)).headers["set-cookie"]).toMatch(/; Secure$/);
  });

  test("a customer's key opens what is that customer's, and nothing else", async () => {
    const [mine, theirs] = [await createCustomer(api.platform), await createCustomer(api.platform)];
    const { id, api_key } = await createKey(mine);
    const cookie = await signIn(api_key);
    const me = await api.ask("GET", "/me", by(cookie));
    expect(me.body).toMatchObject({ kind: "customer", customer: { id: mine }, api_key: { id } });
    expect(outcome(await api.ask("GET", `/customers/${theirs}/wallet`, by(cookie)))).toBe("404 not_found");
    expect(outcome(await api.ask("GET", "/queue", by(cookie)))).toBe("403 forbidden");
  });

  test.each([
    ["an unknown key", { api_key: `iep_${"A".repeat(43)}` }, "401 invalid_api_key"],
    ["half the admin key", { api_key: ADMIN_KEY.slice(0, -1) }, "401 invalid_api_key"],
    ["a link that nobody printed", { sign_in_token: createToken() }, "401 invalid_api_key"],
    ["nothing", {}, "422 validation_failed"],
    ["a key and a link", { api_key: ADMIN_KEY, sign_in_token: "x" }, "422 validation_failed"],
    ["a long body", { api_key: "x".repeat(9_000) }, "413 payload_too_large"],
  ])("%s is refused", async (_what, body, refusal) => {
    const fresh = await createTestApi({ databaseUrl: api.databaseUrl });
    const answer = await fresh.ask("POST", "/session", { key: null, body });
    expect(outcome(answer)).toBe(refusal);
    expect(answer.headers["set-cookie"]).toBeUndefined();
  });

  test("what a page of another site sends is refused, so that nobody is signed in as somebody else", async () => {
    const headers = { "sec-fetch-site": "cross-site" };
    const answer = await api.ask("POST", "/session", { key: null, body: { api_key: ADMIN_KEY }, headers });
    expect(outcome(answer)).toBe("403 forbidden");
  });

  test("signing in again ends the session before it", async () => {
    const first = await signIn();
    await api.ask("POST", "/session", { ...by(first), body: { api_key: ADMIN_KEY } });
    expect(outcome(await api.ask("GET", "/me", by(first)))).toBe("401 invalid_api_key");
  });

  test("failing too often is refused with the seconds to wait, also with the right key", async () => {
    const fresh = await createTestApi({ databaseUrl: api.databaseUrl });
    const fail = () => fresh.ask("POST", "/session", { key: null, body: { api_key: "wrong" } });
    const answers = await Promise.all(Array.from({ length: SIGN_IN_FAILURES_MAX + 1 }, fail));
    expect(answers.map(outcome).filter((one) => one === "429 rate_limited")).toHaveLength(1);
    const right = await fresh.ask("POST", "/session", { key: null, body: { api_key: ADMIN_KEY } });
    expect(outcome(right)).toBe("429 rate_limited");
    expect(Number(right.headers["retry-after"])).toBeGreaterThan(1);
    expect((await fresh.ask("GET", "/me")).status).toBe(200);
  });

  test("succeeding is no failure, however often", async () => {
    const statuses = [];
    for (let n = 0; n < SIGN_IN_FAILURES_MAX + 5; n += 1)
      statuses.push((await api.ask("POST", "/session", { key: null, body: { api_key: ADMIN_KEY } })).status);
    expect(new Set(statuses)).toEqual(new Set([204]));
  });

  test("a key has a bounded number of sessions: the oldest ends", async () => {
    const { api_key } = await createKey(await createCustomer(api.platform));
    const cookies = [];
    for (let n = 0; n <= SESSIONS_PER_KEY_MAX; n += 1) cookies.push(await signIn(api_key));
    const answers = await Promise.all(cookies.map((cookie) => api.ask("GET", "/me", by(cookie))));
    expect(answers.map(outcome)).toEqual(["401 invalid_api_key", ...cookies.slice(1).map(() => "200")]);
  });

  test("neither a key nor a token stands in the database", async () => {
    const { api_key } = await createKey(await createCustomer(api.platform));
    const tokens = [await signIn(api_key), await signIn()].map((cookie) => cookie.split("=")[1]);
    const { rows } = await runSql(api.databaseUrl, "SELECT s::text AS text FROM sessions s");
    const text = JSON.stringify(rows);
    expect(rows.length).toBeGreaterThan(1);
    for (const secret of [...tokens, api_key, ADMIN_KEY]) expect(text).not.toContain(secret);
  });
});

describe("the link that npm start prints", () => {
  test("signs in as the admin, once", async () => {
    const signInLink = new SignInLink();
    const app = await createApi({ platform: api.platform, adminApiKey: ADMIN_KEY, signInLink, log: false });
    atTheEnd(() => app.close());
    const sign_in_token = signInLink.create();
    const post = () => app.inject({ method: "POST", url: "/session", payload: { sign_in_token } });
    const [first, second] = [await post(), await post()];
    expect([first.statusCode, second.statusCode]).toEqual([204, 401]);
    const cookie = String(first.headers["set-cookie"]).split(";")[0] ?? "";
    expect((await api.ask("GET", "/me", by(cookie))).body).toEqual({
      kind: "admin",
      name: "admin",
      role: "admin",
    });
  });
});

describe("a request with a cookie", () => {
  test("that changes something needs the header which other sites cannot send", async () => {
    const cookie = await signIn();
    const refused = await api.ask("POST", "/queue/pause", by(cookie));
    expect(outcome(refused)).toBe("403 forbidden");
    expect(refused.body.detail).toContain("X-CSRF-Protection: 1");
    const answers = await Promise.all([
      api.ask("POST", "/queue/resume", by(cookie, CSRF)),
      api.ask("POST", "/queue/resume", by(cookie, { ...CSRF, "sec-fetch-site": "same-origin" })),
      api.ask("POST", "/queue/resume", by(cookie, { ...CSRF, "sec-fetch-site": "cross-site" })),
      api.ask("POST", "/queue/resume", by(cookie, { ...CSRF, "sec-fetch-site": "same-site" })),
      api.ask("POST", "/queue/resume", by(cookie, { "x-csrf-protection": "0" })),
      api.ask("DELETE", "/session", by(cookie)),
    ]);
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 403, 403, 403, 403]);
    expect((await api.ask("GET", "/queue", by(cookie))).status).toBe(200);
  });

  test.each([
    ["a forged token", `iep_session=${createToken()}`],
    ["no token's form", "iep_session='; DROP TABLE sessions"],
    ["nothing", "iep_session="],
    ["the admin key", `iep_session=${ADMIN_KEY}`],
  ])("that has %s is refused", async (_what, cookie) => {
    expect(outcome(await api.ask("GET", "/me", by(cookie)))).toBe("401 invalid_api_key");
  });

  test("twice is refused: a neighbouring host may have set one of them", async () => {
    const [first, second] = [await signIn(), await signIn()];
    expect(outcome(await api.ask("GET", "/me", by(`${first}; ${second}`)))).toBe("401 invalid_api_key");
    expect((await api.ask("GET", "/me", by(`theme=dark; ${first}; a=b`))).status).toBe(200);
  });

  test("of another name is as none", async () => {
    const cookie = (await signIn()).replace("iep_session", "x_iep_session");
    expect(outcome(await api.ask("GET", "/me", by(cookie)))).toBe("401 missing_api_key");
  });

  test("and a key is that key's alone, needs no header, and is refused when the key is wrong", async () => {
    const customer_id = await createCustomer(api.platform);
    const { api_key } = await createKey(customer_id);
    const headers = { cookie: await signIn() };
    const me = await api.ask("GET", "/me", { key: api_key, headers });
    expect(me.body).toMatchObject({ kind: "customer", customer: { id: customer_id } });
    const made = await api.ask("POST", `/customers/${customer_id}/api-keys`, { key: api_key, headers });
    expect(made.status).toBe(201);
    expect(outcome(await api.ask("GET", "/me", { key: "wrong", headers }))).toBe("401 invalid_api_key");
  });
});

describe("a session ends", () => {
  /** As another process has it, which has the session in its cache. */
  async function elsewhere(cookie: string): Promise<() => Promise<Answer>> {
    const other = await createTestApi({ databaseUrl: api.databaseUrl });
    const ask = () => other.ask("GET", "/me", by(cookie));
    expect((await ask()).status).toBe(200);
    return ask;
  }

  test("when it is signed out, in every process within a second", async () => {
    const cookie = await signIn();
    const ask = await elsewhere(cookie);
    const answer = await api.ask("DELETE", "/session", by(cookie, CSRF));
    expect([answer.status, answer.headers["set-cookie"]]).toEqual([
      204,
      "iep_session=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict",
    ]);
    expect(outcome(await api.ask("GET", "/me", by(cookie)))).toBe("401 invalid_api_key");
    await waitFor(async () => (await ask()).status === 401, { timeoutMs: PROMISED_MS });
    expect((await api.ask("DELETE", "/session", by(cookie, CSRF))).status).toBe(204);
    expect((await api.ask("DELETE", "/session", { key: null })).status).toBe(204);
  });

  test("when its key is revoked, in every process within a second", async () => {
    const customer_id = await createCustomer(api.platform);
    const { id, api_key } = await createKey(customer_id);
    const cookie = await signIn(api_key);
    const ask = await elsewhere(cookie);
    await api.ask("DELETE", `/customers/${customer_id}/api-keys/${id}`);
    expect(outcome(await api.ask("GET", "/me", by(cookie)))).toBe("401 invalid_api_key");
    await waitFor(async () => (await ask()).status === 401, { timeoutMs: PROMISED_MS });
  });

  test("when its customer is made inactive, who then cannot sign in", async () => {
    const customer_id = await createCustomer(api.platform);
    const { api_key } = await createKey(customer_id);
    const cookie = await signIn(api_key);
    const ask = await elsewhere(cookie);
    await api.ask("PATCH", `/customers/${customer_id}`, { body: { active: false } });
    await waitFor(async () => (await ask()).status === 401, { timeoutMs: PROMISED_MS });
    const again = await api.ask("POST", "/session", { key: null, body: { api_key } });
    expect(outcome(again)).toBe("403 customer_inactive");
  });

  test("when the admin key is another one", async () => {
    const cookie = await signIn();
    const app = await createApi({ platform: api.platform, adminApiKey: "another key, as long", log: false });
    atTheEnd(() => app.close());
    expect((await app.inject({ url: "/me", headers: { cookie } })).statusCode).toBe(401);
  });

  test.each([
    ["its time is over", "expires_at = now() - interval '1 second'"],
    ["nothing was sent for two hours", "last_used_at = now() - interval '2 hours 1 second'"],
  ])("when %s", async (_when, change) => {
    const cookie = await signIn();
    await runSql(api.databaseUrl, `UPDATE sessions SET ${change} WHERE token_hash = $1`, [hashOf(cookie)]);
    expect(outcome(await api.ask("GET", "/me", by(cookie)))).toBe("401 invalid_api_key");
  });

  test("when its time is over although it is cached and in use", async () => {
    const cookie = await signIn();
    await runSql(
      api.databaseUrl,
      "UPDATE sessions SET expires_at = now() + interval '1 second' WHERE token_hash = $1",
      [hashOf(cookie)],
    );
    expect((await api.ask("GET", "/me", by(cookie))).status).toBe(200);
    const isOver = async () => (await api.ask("GET", "/me", by(cookie))).status === 401;
    await waitFor(isOver, { timeoutMs: 2_000 });
  });

  test("and its row goes with upkeep, while others stay", async () => {
    const [old, young] = [await signIn(), await signIn()];
    await runSql(api.databaseUrl, "UPDATE sessions SET expires_at = now() WHERE token_hash = $1", [
      hashOf(old),
    ]);
    await api.platform.forgetExpired();
    const { rows } = await runSql(
      api.databaseUrl,
      "SELECT token_hash FROM sessions WHERE token_hash = ANY ($1)",
      [[hashOf(old), hashOf(young)]],
    );
    expect(rows).toEqual([{ token_hash: hashOf(young) }]);
  });
});

test("a session in use stays in the cache, and its use is noted to the minute", async () => {
  const cookie = await signIn();
  await runSql(
    api.databaseUrl,
    "UPDATE sessions SET last_used_at = now() - interval '1 hour' WHERE token_hash = $1",
    [hashOf(cookie)],
  );
  expect((await api.ask("GET", "/me", by(cookie))).status).toBe(200);
  const { rows } = await runSql(
    api.databaseUrl,
    "SELECT last_used_at > now() - interval '1 minute' AS noted FROM sessions WHERE token_hash = $1",
    [hashOf(cookie)],
  );
  expect(rows).toEqual([{ noted: true }]);
  const { sessions } = api.platform;
  expect(sessions.peek(hashOf(cookie))).toMatchObject({ owner: { kind: "admin" } });
});

function hashOf(cookie: string): string {
  return hashToken(cookie.split("=")[1] ?? "");
}
