import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import type { AxeResults, RunOnly, RunOptions } from "axe-core";
import type { BrowserContext, Page } from "playwright-core";
import { beforeAll, expect, test } from "vitest";
import { submitJobs } from "../../src/core/use-cases/submit-jobs.ts";
import { openPage, startBrowser } from "../support/chromium.ts";
import { createCustomer, createJobType } from "../support/test-platform.ts";
import { waitForEnd } from "../support/test-runner.ts";
import { createEndpoint } from "../support/webhooks.ts";
import { createKey, startDashboardStack, type DashboardStack } from "./dashboard-stack.ts";

const AXE = createRequire(import.meta.url).resolve("axe-core/axe.min.js");
const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

let stack: DashboardStack;
let browser: BrowserContext;
let axe: string;
/** Paths of every page, by who may see it. */
let operatorPaths: string[];
let customerPaths: string[];
let customerKey: string;

beforeAll(async () => {
  [stack, browser, axe] = await Promise.all([startDashboardStack(), startBrowser(), readFile(AXE, "utf8")]);
  const { platform } = stack;
  const customer_id = await createCustomer(platform);
  customerKey = await createKey(stack, customer_id);
  const endpoint = await createEndpoint(
    platform,
    "https://shop.example/webhooks",
    ["job.finished"],
    customer_id,
  );
  const job_type_id = await createJobType(platform, { name: "Simulated", processing_logic_id: "simulate" });
  const unserved = await createJobType(platform, { name: "Video", processing_logic_id: "video" });
  const inputs = [
    { job_type_id, input_data: { duration_ms: 1, output: { list: [1, { a: null }] } } },
    { job_type_id, input_data: { fail: "fatal" } },
    { job_type_id, input_data: { duration_ms: 600_000 } },
    { job_type_id: unserved, input_data: {} },
  ];
  const results = await submitJobs(
    platform,
    inputs.map((input) => ({ customer_id, priority: 1, ...input })),
  );
  const ids = results.flatMap((result) => ("job" in result ? [result.job.id] : []));
  await Promise.all(ids.slice(0, 2).map((id) => waitForEnd(platform, id)));
  const jobs = ids.map((id) => `/jobs/${id}`);
  const webhooks = ["/webhooks", "/webhooks?kind=one_off", `/webhooks/${endpoint.id}`];
  customerPaths = [
    ...webhooks,
    "",
    "/jobs",
    ...jobs.slice(0, 1),
    "/new-job",
    "/failures",
    "/wallet",
    "/usage",
    "/keys",
  ];
  operatorPaths = ["", "/jobs", ...jobs, "/jobs?status=cancelled&priority=2"].concat(
    [`/new-job?job_type_id=${job_type_id}`, "/queue", "/failures", "/runners", "/money", "/nowhere"],
    [
      "/customers",
      `/customers/${customer_id}`,
      `/customers/${customer_id}?tab=usage`,
      `/customers/${customer_id}?tab=keys`,
    ],
    webhooks,
    ["/job-types", `/job-types/${job_type_id}`, "/operators", "/bulk-actions", "/audit-log"],
  );
});

/** What axe finds on the page as it is now: all rules in light, and in dark those of colours. */
async function violations(page: Page, path: string): Promise<string[]> {
  return [
    ...(await findings(page, `${path} (light)`, "light", { type: "tag", values: TAGS })),
    ...(await findings(page, `${path} (dark)`, "dark", { type: "rule", values: ["color-contrast"] })),
  ];
}

async function findings(
  page: Page,
  where: string,
  colorScheme: "light" | "dark",
  runOnly: RunOnly,
): Promise<string[]> {
  await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
  const options: RunOptions = { runOnly, resultTypes: ["violations"] };
  // `axe` is a global of the page.
  const found = await page.evaluate<AxeResults>(`axe.run(document, ${JSON.stringify(options)})`);
  return found.violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html }) => `${where}: ${id}: ${html.slice(0, 200)}`),
  );
}

async function visit(page: Page, paths: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const path of paths) {
    await page.goto(`${stack.url}/dashboard${path}`);
    await page.locator("main h1").waitFor();
    await page.locator(".waiting").first().waitFor({ state: "detached" });
    // Run in the page by the debugger: the page's own policy would refuse a script that is put into it.
    await page.evaluate(axe);
    found.push(...(await violations(page, path)));
  }
  return found;
}

test("axe finds nothing on the sign-in page", async () => {
  const { page } = await openPage(browser);
  expect(await visit(page, ["/jobs"])).toEqual([]);
  await page.close();
});

test("axe finds nothing on any page of an operator, in light and in dark", async () => {
  const { page, faults } = await openPage(browser);
  await stack.signIn(page, "/dashboard");
  expect(await visit(page, operatorPaths)).toEqual([]);
  expect(faults).toEqual([]);
  await page.close();
});

test("axe finds nothing in a dialog, in the map of the keys, and in the table of a chart", async () => {
  const { page } = await openPage(browser);
  await stack.signIn(page, "/dashboard");
  await page.getByText("As a table").first().click();
  await page.evaluate(axe);
  expect(await violations(page, "table of a chart")).toEqual([]);
  await page.keyboard.press("?");
  expect(await violations(page, "keys")).toEqual([]);
  await page.keyboard.press("Escape");
  await page.goto(`${stack.url}/dashboard/queue`);
  await page.getByRole("button", { name: "Pause the queue" }).click();
  await page.evaluate(axe);
  expect(await violations(page, "dialog")).toEqual([]);
  await page.close();
});

test("axe finds nothing on any page of a customer, in light and in dark", async () => {
  await browser.clearCookies();
  const { page, faults } = await openPage(browser);
  await page.goto(`${stack.url}/dashboard`);
  await page.getByLabel("API key").fill(customerKey);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.locator(".side").waitFor();
  expect(await visit(page, customerPaths)).toEqual([]);
  expect(faults).toEqual([]);
  await page.close();
});
