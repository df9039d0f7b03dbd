import { expect, test } from "vitest";
import { OperatorError } from "../core/lib/operator-error.ts";
import { atTheEnd } from "../../test/support/cleanup.ts";
import { createMetrics } from "./metrics.ts";
import { serveMetrics } from "./serve-metrics.ts";

const TOKEN = "the token of the tests";

async function serve(port = 0) {
  const server = await serveMetrics({ page: createMetrics(), host: "127.0.0.1", port, token: TOKEN });
  atTheEnd(() => server.close());
  return server;
}

test("200 for GET and HEAD of /metrics, and nothing else is there", async () => {
  const { url } = await serve();
  expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/metrics$/);
  const got = await fetch(`${url}?from=somewhere`);
  expect([got.status, got.headers.get("content-type")]).toEqual([
    200,
    "text/plain; version=0.0.4; charset=utf-8",
  ]);
  expect(await got.text()).toContain("iep_build_info");
  const head = await fetch(url, { method: "HEAD" });
  expect([head.status, await head.text()]).toEqual([200, ""]);
  expect((await fetch(url.replace("/metrics", "/"))).status).toBe(404);
  const posted = await fetch(url, { method: "POST", body: "x".repeat(100_000) });
  expect([posted.status, posted.headers.get("allow")]).toEqual([405, "GET, HEAD"]);
});

test("401 for what a proxy passes on, unless it has the token", async () => {
  const { url } = await serve();
  const ask = async (headers: Record<string, string>) =>
    await fetch(url, { headers: { "x-forwarded-for": "192.0.2.7", ...headers } });
  const refused = await ask({});
  expect([refused.status, refused.headers.get("www-authenticate")]).toEqual([401, "Bearer"]);
  expect(await refused.text()).not.toContain("iep_");
  expect((await ask({ authorization: "Bearer wrong" })).status).toBe(401);
  expect((await ask({ authorization: `Bearer ${TOKEN}` })).status).toBe(200);
});

test("a port that is taken is a fault of the settings, and says so", async () => {
  const { url } = await serve();
  const port = Number(new URL(url).port);
  const failed = await serve(port).catch((error: unknown) => error);
  expect(failed).toBeInstanceOf(OperatorError);
  expect(failed).toMatchObject({ code: "configuration", message: expect.stringContaining("METRICS_PORT") });
});
