import type { BrowserContext, Page } from "playwright-core";
import { beforeAll, describe, expect, test } from "vitest";
import { newId } from "../../src/core/lib/new-id.ts";
import { submitJob } from "../../src/core/use-cases/submit-jobs.ts";
import { openPage, startBrowser } from "../support/chromium.ts";
import { brokenPromises, createCustomer, createJobType } from "../support/test-platform.ts";
import { waitFor } from "../support/wait-for.ts";
import { startPrefixProxy } from "./prefix-proxy.ts";
import {
  ADMIN_KEY,
  createKey,
  HOSTILE,
  startDashboardStack,
  type DashboardStack,
} from "./dashboard-stack.ts";

let stack: DashboardStack;
let browser: BrowserContext;
let customer_id: string;
let simulated: string;

beforeAll(async () => {
  [stack, browser] = await Promise.all([startDashboardStack(), startBrowser()]);
  customer_id = await createCustomer(stack.platform);
  simulated = await createJobType(stack.platform, { name: "Simulated", processing_logic_id: "simulate" });
});

/** A page without a session, and what went wrong in it. */
async function stranger(): Promise<{ page: Page; faults: string[] }> {
  await browser.clearCookies();
  return await openPage(browser);
}

const submit = (input_data: unknown, options: { job_type_id?: string; max_attempts?: number } = {}) =>
  submitJob(stack.platform, { customer_id, job_type_id: simulated, input_data, ...options });

const heading = (page: Page) => page.locator("main h1");

describe("sign-in", () => {
  test("a wrong key is refused in words, and the right one leads to the page of the address", async () => {
    const { page, faults } = await stranger();
    await page.goto(`${stack.url}/dashboard/customers?email=nobody%40example.com`);
    await page.getByLabel("API key").fill("iep_wrong");
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByText("does not exist or was revoked").first().waitFor();
    await page.getByLabel("API key").fill(ADMIN_KEY);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByText("No customer has this address.").waitFor();
    expect(await heading(page).textContent()).toBe("Customers");
    expect(page.url()).toContain("email=nobody%40example.com");
    expect(
      await page.evaluate("JSON.stringify([localStorage, sessionStorage, document.cookie])"),
    ).not.toContain(ADMIN_KEY);
    expect(faults).toEqual([]);
    await page.close();
  });

  test("the link of npm start signs in once, and its token leaves the address", async () => {
    const { page } = await stranger();
    const link = stack.signInLink();
    await page.goto(`${stack.url}/dashboard`);
    await page.getByLabel("API key").waitFor();
    // Also in a tab that shows the sign-in already: only the fragment of the address changes.
    await page.goto(link);
    await page.getByText("Admin key").waitFor();
    expect(page.url()).toBe(`${stack.url}/dashboard`);
    await browser.clearCookies();
    await page.goto("about:blank");
    await page.goto(link);
    await page.getByLabel("API key").waitFor();
    await page.close();
  });

  test("a session that ends leads to the sign-in, and back to the same place", async () => {
    const { page } = await stranger();
    await stack.signIn(page, "/dashboard/jobs?status=failed");
    await browser.clearCookies();
    await page.getByText("Your session has ended").waitFor();
    await page.getByLabel("API key").fill(ADMIN_KEY);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("link", { name: "Failed", exact: true }).waitFor();
    expect(page.url()).toBe(`${stack.url}/dashboard/jobs?status=failed`);
    await page.close();
  });
});

test("a customer submits a job by its form and sees it run, end and be charged, live", async () => {
  const { page, faults } = await stranger();
  await page.goto(`${stack.url}/dashboard/new-job?job_type_id=${simulated}`);
  await page.getByLabel("API key").fill(await createKey(stack, customer_id));
  await page.getByRole("button", { name: "Sign in" }).click();
  // The schema of a processor reaches the form when its runner has registered it.
  await page.getByRole("button", { name: "As JSON" }).or(page.getByLabel("Input as JSON")).first().waitFor();
  const json = page.getByLabel("Input as JSON");
  if (!(await json.isVisible())) await page.getByRole("button", { name: "As JSON" }).click();
  await json.fill('{"duration_ms": 700, "output": {"exact": 0.10}}');
  await page.getByText("will be held").waitFor();
  await page.getByRole("button", { name: "Submit the job" }).click();
  await page.locator("h1 .badge.running").waitFor();
  await page.locator("h1 .badge.succeeded").waitFor();
  await page.getByText("Charged once").waitFor();
  await page.getByRole("region", { name: "Ledger entries of this job" }).getByText("charge").waitFor();
  expect(faults).toEqual([]);
  expect(await brokenPromises(stack.platform)).toEqual([]);
  await page.close();
});

test("a row that is read stays where it is: new jobs wait behind a button, and rows change in place", async () => {
  const first = await submit({ duration_ms: 1 });
  const { page } = await stranger();
  await stack.signIn(page, "/dashboard/jobs");
  const top = page.locator("tbody tr").first();
  await top.getByText(first.id.slice(-8)).waitFor();
  await top.locator(".badge.succeeded").waitFor();
  const second = await submit({ duration_ms: 1 });
  await page.getByRole("button", { name: "1 new" }).waitFor();
  expect(await top.textContent()).toContain(first.id.slice(-8));
  await page.getByRole("button", { name: "1 new" }).click();
  await top.getByText(second.id.slice(-8)).waitFor();
  await page.close();
});

test("the address holds what is shown: back, forward and a pasted link show the same", async () => {
  const failing = await submit({ fail: "fatal" });
  const { page } = await stranger();
  await stack.signIn(page, "/dashboard/jobs");
  await page.getByRole("link", { name: "Failed", exact: true }).click();
  await page.getByLabel("Priority").selectOption("1");
  await page.getByRole("link", { name: failing.id.slice(-8) }).click();
  await page.getByText("Why it failed").waitFor();
  await page.goBack();
  await page.locator('.tabs a[aria-current="page"]', { hasText: "Failed" }).waitFor();
  expect(await page.getByLabel("Priority").inputValue()).toBe("1");
  await page.goBack();
  await waitFor(async () => (await page.getByLabel("Priority").inputValue()) === "");
  await page.goForward();
  await waitFor(async () => (await page.getByLabel("Priority").inputValue()) === "1");
  const pasted = await browser.newPage();
  await pasted.goto(page.url());
  await pasted.getByRole("link", { name: failing.id.slice(-8) }).waitFor();
  expect(await pasted.getByLabel("Priority").inputValue()).toBe("1");
  await pasted.close();
  await page.close();
});

test("what strangers write is shown as text, and what cannot be seen is named", async () => {
  const hostileType = await createJobType(stack.platform, {
    name: "<b>bold</b>",
    processing_logic_id: "hostile",
  });
  const job = await submit(
    { "<script>": HOSTILE, list: [[HOSTILE.repeat(100)]] },
    { job_type_id: hostileType, max_attempts: 1 },
  );
  const { page, faults } = await stranger();
  await stack.signIn(page, `/dashboard/jobs/${job.id}`);
  await page.getByText("Why it failed").waitFor();
  await page.locator(".hidden-character", { hasText: "U+202E" }).first().waitFor();
  expect(await page.locator("main img, main script, main b").count()).toBe(0);
  expect(await page.title()).toMatch(/^Job /);
  // Wide content scrolls in its own box, never the page.
  expect(await page.evaluate("document.documentElement.scrollWidth <= innerWidth")).toBe(true);
  await page.setViewportSize({ width: 400, height: 800 });
  expect(await page.evaluate("document.documentElement.scrollWidth <= innerWidth")).toBe(true);
  expect(faults).toEqual([]);
  await page.close();
});

test("when the API goes away the page stays, says so, and recovers by itself", async () => {
  const job = await submit({ duration_ms: 1 });
  const { page } = await stranger();
  await stack.signIn(page, "/dashboard/jobs");
  await page.getByText(job.id.slice(-8)).waitFor();
  await stack.stopApi();
  await page.getByText("The API does not answer").waitFor();
  expect(await page.getByText(job.id.slice(-8)).isVisible()).toBe(true);
  await stack.startApi();
  await page.getByText("The API does not answer").waitFor({ state: "detached" });
  await page.close();
});

test("an operator cancels a job by keyboard alone, and is told what it costs", async () => {
  const job = await submit({ duration_ms: 60_000 });
  const { page } = await stranger();
  await stack.signIn(page, "/dashboard/jobs");
  await page.getByText(job.id.slice(-8)).waitFor();
  await page.keyboard.press("?");
  const map = page.getByRole("dialog", { name: "Shortcuts" });
  await map.waitFor();
  await page.keyboard.press("Escape");
  await map.waitFor({ state: "hidden" });
  await page.keyboard.press("j");
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "Cancel" }).focus();
  await page.keyboard.press("Enter");
  const dialog = page.getByRole("dialog");
  await dialog.getByText("its hold of EUR 0.10 is released").waitFor();
  await dialog.getByRole("button", { name: "Cancel the job" }).focus();
  await page.keyboard.press("Enter");
  await page.locator("h1 .badge.cancelled").waitFor();
  expect((await stack.platform.jobs.findById(job.id))?.status).toBe("cancelled");
  await page.close();
});

test("a group of failures is retried at once: previewed with its cost, then done", async () => {
  const failing = await createJobType(stack.platform, { name: "Fails", processing_logic_id: "simulate" });
  const jobs = await Promise.all([1, 2, 3].map(() => submit({ fail: "fatal" }, { job_type_id: failing })));
  const { page } = await stranger();
  await stack.signIn(page, `/dashboard/failures?job_type_id=${failing}`);
  const row = page.getByRole("row").filter({ hasText: "Fails" });
  await row.getByRole("link", { name: "3", exact: true }).waitFor();
  await row.getByRole("button", { name: "Retry" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByText("EUR 0.30").waitFor();
  await dialog.getByRole("button", { name: "Retry 3 jobs" }).click();
  await page.locator("h1 .badge.good", { hasText: "done" }).waitFor();
  const all = await stack.platform.jobs.list({ job_type_id: failing }, { limit: 10 });
  const retried = all.flatMap(({ retry_of }) => retry_of ?? []);
  expect(retried.toSorted()).toEqual(jobs.map(({ id }) => id).toSorted());
  await page.close();
});

test("a viewer is offered nothing that the role may not do, and reads everything", async () => {
  const { page } = await stranger();
  const made = await fetch(`${stack.url}/operators`, {
    method: "POST",
    headers: { authorization: `Bearer ${ADMIN_KEY}`, "content-type": "application/json" },
    body: JSON.stringify({ name: "Vera Viewer", role: "viewer" }),
  });
  // The API's own tests hold the answer against its schema.
  const { api_key } = (await made.json()) as { api_key: string };
  await page.goto(`${stack.url}/dashboard/customers/${customer_id}`);
  await page.getByLabel("API key").fill(api_key);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByText("Vera Viewer").waitFor();
  await page.getByText("Test customer").first().waitFor();
  expect(await page.getByRole("button", { name: "Top up" }).count()).toBe(0);
  await page.getByRole("link", { name: "Queue" }).click();
  await page.getByRole("heading", { name: "By priority" }).waitFor();
  expect(await page.getByRole("button", { name: /Pause/ }).count()).toBe(0);
  await page.close();
});

test("behind a proxy that puts a prefix before every path, all of it works", async () => {
  const prefixed = await startPrefixProxy("/tools/queue", stack.url);
  const { page, faults } = await stranger();
  await page.goto(`${prefixed}/dashboard/jobs?status=failed`);
  await page.getByLabel("API key").fill(ADMIN_KEY);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.locator('.tabs a[aria-current="page"]', { hasText: "Failed" }).waitFor();
  await page.getByRole("link", { name: "Queue" }).click();
  await page.getByRole("heading", { name: "By priority" }).waitFor();
  expect(page.url()).toBe(`${prefixed}/dashboard/queue`);
  await page.reload();
  await page.getByRole("heading", { name: "By priority" }).waitFor();
  expect(faults).toEqual([]);
  await page.close();
});

test("an operator tops a wallet up, once", async () => {
  const poor = await createCustomer(stack.platform, 0);
  const { page } = await stranger();
  await stack.signIn(page, `/dashboard/customers/${poor}`);
  for (const expected of ["Topped up: EUR 12.50", "Topped up: EUR 12.50"]) {
    await page.getByRole("button", { name: "Top up" }).click();
    await page.getByLabel("Amount in EUR").fill("12.50");
    await page.getByLabel("Reference").fill("invoice 7");
    await page.getByRole("dialog").getByRole("button", { name: "Top up" }).click();
    await page.getByText(expected).first().waitFor();
  }
  const wallet = await stack.platform.wallets.findByCustomerId(poor);
  expect(wallet?.current_balance_cents).toBe(1_250);
  await page.close();
});

test("a customer sees what is theirs, and an address of an operator's page leads nowhere", async () => {
  const { page } = await stranger();
  await page.goto(`${stack.url}/dashboard/customers/${newId()}`);
  await page.getByLabel("API key").fill(await createKey(stack, customer_id));
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByText("This address leads nowhere.").waitFor();
  expect(await page.getByRole("link", { name: "Customers" }).count()).toBe(0);
  await page.close();
});
