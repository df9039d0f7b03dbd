import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import type { BrowserContext, Page } from "playwright-core";
import { beforeAll, expect, test } from "vitest";
import { openPage, startBrowser } from "../support/chromium.ts";
import { brokenPromises, createCustomer, createJobType } from "../support/test-platform.ts";
import { waitFor } from "../support/wait-for.ts";
import { createKey, startDashboardStack, type DashboardStack } from "./dashboard-stack.ts";

// The SDK in a real browser, against a real API, with a key and with the cookie of a session.

const ENTRY = fileURLToPath(new URL("../../sdk/src/create-client.ts", import.meta.url));
const PAGE = "/a-customers-page.html";
const SCRIPT = "/sdk.js";

let stack: DashboardStack;
let browser: BrowserContext;
let customer_id: string;
let key: string;

beforeAll(async () => {
  [stack, browser] = await Promise.all([startDashboardStack(), startBrowser()]);
  customer_id = await createCustomer(stack.platform);
  await createJobType(stack.platform, {
    name: "Simulated",
    processing_logic_id: "simulate",
    input_schema: { properties: { duration_ms: { minimum: 0 } } },
  });
  key = await createKey(stack, customer_id);
});

/** A page of the API's own origin that has loaded the SDK as a module. */
async function openCustomersPage(): Promise<{ page: Page; faults: string[] }> {
  const { outputFiles } = await build({ entryPoints: [ENTRY], bundle: true, format: "esm", write: false });
  const { page, faults } = await openPage(browser);
  await page.route(`${stack.url}${PAGE}`, (route) =>
    route.fulfill({
      contentType: "text/html",
      body: `<!doctype html><script type="module">
      import * as sdk from "${SCRIPT}"; window.sdk = sdk;</script>`,
    }),
  );
  await page.route(`${stack.url}${SCRIPT}`, (route) =>
    route.fulfill({ contentType: "text/javascript", body: outputFiles[0]?.text ?? "" }),
  );
  await page.goto(stack.url + PAGE);
  await page.waitForFunction("window.sdk !== undefined");
  return { page, faults };
}

test("a job is run, followed and paid for", async () => {
  const { page, faults } = await openCustomersPage();
  const result = await page.evaluate(`(async () => {
    const iep = sdk.createClient({ baseUrl: "/", apiKey: ${JSON.stringify(key)} });
    const job = await iep.jobs.run("Simulated", { duration_ms: 20, output: { a: "½" } }, { onProgress: () => {} });
    const types = [];
    for await (const event of iep.jobs.events(job.id)) types.push(event.type);
    const { current_balance_cents } = await iep.wallet.get();
    const refusal = await iep.jobs.run("Simulated", { duration_ms: -1 }).catch((error) => error);
    return {
      status: job.status, output: job.output_data, cost: job.cost_cents, types, current_balance_cents,
      refusal: [refusal.name, refusal instanceof sdk.InputInvalidError, refusal.requestId.length],
    };
  })()`);
  expect(result).toEqual({
    status: "succeeded",
    output: { a: "½" },
    cost: 10,
    types: ["queued", "started", "done"],
    current_balance_cents: 999_990,
    refusal: ["InputInvalidError", true, 36],
  });
  expect(faults).toEqual([]);
});

test("with the cookie of a session instead of a key; an abort cancels", async () => {
  const { page, faults } = await openCustomersPage();
  const running = page.evaluate(`(async () => {
    const answer = await fetch("/session", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ api_key: ${JSON.stringify(key)} }),
    });
    const iep = sdk.createClient({ baseUrl: "." });
    window.stop = new AbortController();
    const error = await iep.jobs.run("Simulated", { duration_ms: 60000 }, { signal: stop.signal }).catch((e) => e);
    return [answer.status, error.name];
  })()`);
  const started = await waitFor(async () => {
    const jobs = await stack.platform.jobs.list({ customer_id, status: "running" }, { limit: 1 });
    return jobs[0];
  });
  await page.evaluate("stop.abort()");
  expect(await running).toEqual([204, "AbortError"]);
  expect(await stack.platform.jobs.findById(started.id)).toMatchObject({
    status: "cancelled",
    cost_cents: null,
  });
  expect(await brokenPromises(stack.platform)).toEqual([]);
  expect(faults).toEqual([]);
});

test("a webhook is verified by the browser's own cryptography; half a path is no API", async () => {
  const { page } = await openCustomersPage();
  const said = await page.evaluate(`(async () => {
    const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const headers = {
      "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
      "webhook-timestamp": "1614265330",
      "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    };
    const event = await sdk.webhooks.verify('{"test": 2432232314}', headers, secret, { now_seconds: 1614265330 });
    const elsewhere = sdk.createClient({ baseUrl: "/dashboard", apiKey: "iep_key" });
    const refusal = await elsewhere.jobs.get("x").catch((error) => error.name);
    return { event, refusal };
  })()`);
  expect(said).toEqual({ event: { test: 2432232314 }, refusal: "UnexpectedAnswerError" });
});
