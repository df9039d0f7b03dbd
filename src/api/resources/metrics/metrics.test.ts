import { expect, test } from "vitest";
import { createMetrics } from "../../../metrics/metrics.ts";
import { meterRequests } from "../../../metrics/request-metrics.ts";
import { atTheEnd } from "../../../../test/support/cleanup.ts";
import { createTestPlatform } from "../../../../test/support/test-platform.ts";
import { createApi } from "../../server.ts";

const TOKEN = "the token of the tests";
const ELSEWHERE = "192.0.2.7";

async function createMeasuredApi(token?: string) {
  const { platform } = await createTestPlatform();
  const page = createMetrics();
  const metrics = { page, meter: meterRequests(page), token };
  const api = await createApi({ platform, adminApiKey: "the admin key of the tests", log: false, metrics });
  atTheEnd(() => api.close());
  return async (remoteAddress: string, headers: Record<string, string> = {}, url = "/metrics") =>
    await api.inject({ url, remoteAddress, headers });
}

test("200 for anyone on this host, as text for Prometheus, without a key and with any", async () => {
  const get = await createMeasuredApi(TOKEN);
  for (const address of ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"]) {
    const answer = await get(address);
    expect([address, answer.statusCode]).toEqual([address, 200]);
    expect(answer.headers["content-type"]).toBe("text/plain; version=0.0.4; charset=utf-8");
    expect(answer.headers["cache-control"]).toBe("no-store");
    expect(answer.body).toMatch(/^iep_build_info\{version="[\d.]+"\} 1$/m);
  }
  expect((await get("127.0.0.1", { authorization: "Bearer of something else" })).statusCode).toBe(200);
});

test("401 for another host without METRICS_TOKEN, and without the right one", async () => {
  const closed = await createMeasuredApi();
  const refused = await closed(ELSEWHERE, { authorization: `Bearer ${TOKEN}` });
  expect(refused.json()).toMatchObject({ status: 401, code: "missing_api_key" });
  expect(refused.json<{ detail: string }>().detail).toContain("METRICS_TOKEN is not set");

  const get = await createMeasuredApi(TOKEN);
  expect((await get(ELSEWHERE)).json()).toMatchObject({ status: 401, code: "missing_api_key" });
  for (const key of ["the admin key of the tests", `${TOKEN}x`, "x"]) {
    const wrong = await get(ELSEWHERE, { authorization: `Bearer ${key}` });
    expect(wrong.json()).toMatchObject({ status: 401, code: "invalid_api_key" });
    expect(wrong.headers["www-authenticate"]).toBe("Bearer");
    expect(wrong.body).not.toContain(TOKEN);
  }
  expect((await get(ELSEWHERE, { authorization: `Bearer ${TOKEN}` })).statusCode).toBe(200);
});

test.each([
  "forwarded",
  "via",
  "x-forwarded-for",
  "x-forwarded-host",
  "x-forwarded-port",
  "x-forwarded-proto",
  "x-forwarded-server",
  "x-real-ip",
])("401 for what a proxy of this host passes on, as its %s says", async (header) => {
  const get = await createMeasuredApi(TOKEN);
  expect((await get("127.0.0.1", { [header]: ELSEWHERE })).statusCode).toBe(401);
  const withToken = await get("127.0.0.1", { [header]: ELSEWHERE, authorization: `Bearer ${TOKEN}` });
  expect(withToken.statusCode).toBe(200);
});

test("requests are measured by the pattern of their route, and those of no route together", async () => {
  const get = await createMeasuredApi();
  const ids = Array.from({ length: 5 }, (_, n) => `0199a1b2-0000-7000-8000-00000000000${n}`);
  for (const id of ids) await get("127.0.0.1", {}, `/jobs/${id}`);
  for (const id of ids) await get("127.0.0.1", {}, `/no/such/${id}`);
  const { body } = await get("127.0.0.1");
  const counts = body
    .split("\n")
    .filter((line) => line.startsWith("iep_http_request_duration_seconds_count"));
  expect(counts.toSorted()).toEqual([
    'iep_http_request_duration_seconds_count{method="GET",route="/jobs/:id",status="4xx"} 5',
    'iep_http_request_duration_seconds_count{method="none",route="none",status="4xx"} 5',
  ]);
});
