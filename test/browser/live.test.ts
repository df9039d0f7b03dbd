import type { BrowserContext, Page, Request } from "playwright-core";
import { beforeAll, expect, test } from "vitest";
import { submitJob, submitJobs } from "../../src/core/use-cases/submit-jobs.ts";
import { openPage, startBrowser } from "../support/chromium.ts";
import { PATIENCE_MS } from "../support/patience.ts";
import { createCustomer, createJobType } from "../support/test-platform.ts";
import { waitFor } from "../support/wait-for.ts";
import { startDashboardStack, type DashboardStack } from "./dashboard-stack.ts";

let stack: DashboardStack;
let browser: BrowserContext;
let customer_id: string;
let simulated: string;

beforeAll(async () => {
  [stack, browser] = await Promise.all([startDashboardStack(), startBrowser()]);
  customer_id = await createCustomer(stack.platform);
  simulated = await createJobType(stack.platform, { name: "Simulated", processing_logic_id: "simulate" });
});

const submit = (input_data: unknown) =>
  submitJob(stack.platform, { customer_id, job_type_id: simulated, input_data });

const isStream = (request: Request): boolean => new URL(request.url()).pathname === "/events";

/** The requests of a page so far, and the streams that it has open. */
function watchRequests(page: Page) {
  const paths: string[] = [];
  const streams = new Set<Request>();
  let opened = 0;
  page.on("request", (request) => {
    paths.push(new URL(request.url()).pathname);
    if (!isStream(request)) return;
    streams.add(request);
    opened += 1;
  });
  const end = (request: Request): void => void streams.delete(request);
  page.on("requestfinished", end);
  page.on("requestfailed", end);
  return {
    streams,
    opened: () => opened,
    asked: (path: string): number => paths.filter((one) => one === path).length,
  };
}

const badge = (page: Page, status: string) => page.locator(`h1 .badge.${status}`);

test("a job is followed by its events, and nobody asks while nothing changes", async () => {
  const job = await submit({ duration_ms: 5_000 });
  const { page, faults } = await openPage(browser);
  const { asked, streams } = watchRequests(page);
  await stack.signIn(page, `/dashboard/jobs/${job.id}`);
  await badge(page, "running").waitFor();
  await waitFor(() => streams.size === 1, { describe: "the stream" });
  const before = asked(`/jobs/${job.id}`);
  await badge(page, "succeeded").waitFor();
  // Every second would be five times.
  expect(asked(`/jobs/${job.id}`) - before).toBeLessThanOrEqual(3);
  await page.getByText("Charged once").waitFor();
  expect(faults).toEqual([]);
  await page.close();
});

test("a list is kept up to date by events, and the row that is read stays where it is", async () => {
  const first = await submit({ duration_ms: 3_000 });
  const { page } = await openPage(browser);
  const { asked, streams } = watchRequests(page);
  await stack.signIn(page, "/dashboard/jobs");
  const top = page.locator("tbody tr").first();
  await top.getByText(first.id.slice(-8)).waitFor();
  await top.locator(".badge.running").waitFor();
  await waitFor(() => streams.size === 1, { describe: "the stream" });
  const place = await top.boundingBox();
  const before = asked("/jobs");
  await top.locator(".badge.succeeded").waitFor();
  expect(asked("/jobs") - before).toBeLessThanOrEqual(3);
  await submit({ duration_ms: 1 });
  await page.getByRole("button", { name: "1 new" }).waitFor();
  expect(await top.textContent()).toContain(first.id.slice(-8));
  expect((await top.boundingBox())?.y).toBe(place?.y);
  await page.close();
});

test("where no stream can be opened, the page asks again and again", async () => {
  const job = await submit({ duration_ms: 4_000 });
  const { page } = await openPage(browser);
  await page.route(
    (address) => address.pathname === "/events",
    (route) => route.fulfill({ status: 429, contentType: "application/problem+json", body: "{}" }),
  );
  const { asked } = watchRequests(page);
  await stack.signIn(page, `/dashboard/jobs/${job.id}`);
  await badge(page, "running").waitFor();
  const before = asked(`/jobs/${job.id}`);
  await badge(page, "succeeded").waitFor();
  expect(asked(`/jobs/${job.id}`) - before).toBeGreaterThanOrEqual(2);
  await page.close();
});

test("when the API was away, the stream is opened again and goes on", async () => {
  const { page } = await openPage(browser);
  const { opened, streams } = watchRequests(page);
  await stack.signIn(page, "/dashboard/jobs");
  await waitFor(() => streams.size === 1, { describe: "the stream" });
  const before = opened();
  await stack.stopApi();
  await page.getByText("The API does not answer").waitFor();
  await stack.startApi();
  await page.getByText("The API does not answer").waitFor({ state: "detached" });
  await waitFor(() => opened() > before, { describe: "another stream", timeoutMs: PATIENCE_MS });
  const job = await submit({ duration_ms: 1 });
  await page.getByRole("button", { name: "1 new" }).waitFor();
  await page.getByRole("button", { name: "1 new" }).click();
  await page.locator("tbody tr").first().getByText(job.id.slice(-8)).waitFor();
  await page.close();
});

test("a page that is hidden, or that is left, holds no stream", async () => {
  const { page } = await openPage(browser);
  const { streams } = watchRequests(page);
  await stack.signIn(page, "/dashboard/jobs");
  await waitFor(() => streams.size === 1, { describe: "the stream" });
  const hide = async (isHidden: boolean): Promise<void> => {
    await page.evaluate(`
      Object.defineProperty(document, "hidden", { value: ${isHidden}, configurable: true });
      document.dispatchEvent(new Event("visibilitychange"));
    `);
  };
  await hide(true);
  await waitFor(() => streams.size === 0, { describe: "no stream" });
  await hide(false);
  await waitFor(() => streams.size === 1, { describe: "the stream again" });
  await page.keyboard.press("l");
  await waitFor(() => streams.size === 0, { describe: "no stream while live is off" });
  await page.keyboard.press("l");
  await waitFor(() => streams.size === 1, { describe: "the stream of live" });
  await page.goto("about:blank");
  await waitFor(() => streams.size === 0, { describe: "no stream of a page that was left" });
  await page.close();
});

test("tabs count the jobs, and columns that are left out stay so", async () => {
  const type = await createJobType(stack.platform, { name: "Counted", processing_logic_id: "simulate" });
  await submitJobs(
    stack.platform,
    [1, 2, 3].map(() => ({ customer_id, job_type_id: type, input_data: { fail: "fatal" } })),
  );
  const { page } = await openPage(browser);
  await stack.signIn(page, `/dashboard/jobs?job_type_id=${type}`);
  const failed = page.getByRole("link", { name: "Failed", exact: true });
  await failed.getByText("3", { exact: true }).waitFor();
  await failed.click();
  await waitFor(async () => (await page.locator("tbody tr").count()) === 3, { describe: "three rows" });
  await page.getByRole("columnheader", { name: "Attempt" }).waitFor();
  await page.getByRole("button", { name: "Columns" }).click();
  await page.getByLabel("Attempt").uncheck();
  await page.getByRole("columnheader", { name: "Attempt" }).waitFor({ state: "detached" });
  await page.reload();
  await page.locator("tbody tr").first().waitFor();
  expect(await page.getByRole("columnheader", { name: "Attempt" }).count()).toBe(0);
  expect(await page.evaluate(`localStorage.getItem("iep-job-columns")`)).toBe('["Attempt"]');
  await page.close();
});
