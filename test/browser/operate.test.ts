import type { BrowserContext, Page } from "playwright-core";
import { beforeAll, expect, test } from "vitest";
import { submitJobs } from "../../src/core/use-cases/submit-jobs.ts";
import { openPage, startBrowser } from "../support/chromium.ts";
import { brokenPromises, createCustomer, createJobType } from "../support/test-platform.ts";
import { waitFor } from "../support/wait-for.ts";
import { createKey, startDashboardStack, type DashboardStack } from "./dashboard-stack.ts";

let stack: DashboardStack;
let browser: BrowserContext;
let customer_id: string;

beforeAll(async () => {
  [stack, browser] = await Promise.all([startDashboardStack(), startBrowser()]);
  const { platform } = stack;
  customer_id = await createCustomer(platform, 1_000);
  const job_type_id = await createJobType(platform, { name: "Simulated", processing_logic_id: "simulate" });
  const job = { customer_id, job_type_id, priority: 1 } as const;
  await submitJobs(platform, [
    { ...job, input_data: {} },
    { ...job, input_data: {} },
    { ...job, input_data: { fail: "fatal" } },
  ]);
  await waitFor(async () => (await platform.usage.list(lastDay())).some(({ failed }) => failed === 1));
});

function lastDay() {
  const [from, to] = [-1, 1].map((days) => new Date(Date.now() + days * 86_400_000).toISOString());
  return { customer_id, bucket: "day", from: from ?? "", to: to ?? "", limit: 10 } as const;
}

async function strangersPage(): Promise<{ page: Page; faults: string[] }> {
  await browser.clearCookies();
  return await openPage(browser);
}

/** A tile has its label, its value and its scope. */
const tile = (page: Page, label: string) => page.locator(".tiles > *", { hasText: label }).first();

test("a customer sees what it used, by type, and saves it as a file", async () => {
  const { page, faults } = await strangersPage();
  await page.goto(`${stack.url}/dashboard/usage`);
  await page.getByLabel("API key").fill(await createKey(stack, customer_id));
  await page.getByRole("button", { name: "Sign in" }).click();
  await tile(page, "Spent").getByText("0.20").waitFor();
  const row = page.getByRole("row", { name: "Simulated" });
  expect(await row.getByRole("cell").allTextContents()).toEqual(
    expect.arrayContaining(["Simulated", "2", "1", "0"]),
  );
  const [file] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("button", { name: "as CSV" }).click(),
  ]);
  expect(file.suggestedFilename()).toBe("usage.csv");
  await page.getByRole("link", { name: "Last 24 hours" }).click();
  await tile(page, "Spent").getByText("0.20").waitFor();
  expect(page.url()).toContain("range=24h");
  expect(faults).toEqual([]);
  await page.close();
});

test("an operator drains a runner, and lets it take jobs again", async () => {
  const { page, faults } = await strangersPage();
  await stack.signIn(page, "/dashboard/runners");
  await page.getByRole("button", { name: "Drain", exact: true }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Drain", exact: true }).click();
  await page.getByText("drained", { exact: true }).waitFor();
  const [runner] = await stack.platform.runners.list();
  expect(runner).toMatchObject({ draining_at: expect.any(String), exits_when_drained: false });
  await page.getByRole("button", { name: "Resume" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Resume" }).click();
  await page.getByText("takes jobs", { exact: true }).waitFor();
  expect(faults).toEqual([]);
  await page.close();
});

test("an operator erases a customer, after the id was typed and the balance decided", async () => {
  const { page } = await strangersPage();
  await stack.signIn(page, `/dashboard/customers/${customer_id}`);
  await page.getByRole("button", { name: "Erase" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByText("ledger entries stay as they are").waitFor();
  await dialog.getByLabel("To confirm").fill(customer_id);
  await dialog.getByRole("button", { name: "Erase" }).click();
  await dialog.getByText("is not at 0").waitFor();
  await dialog.getByLabel("The balance").selectOption("yes");
  await dialog.getByRole("button", { name: "Erase" }).click();
  await page.getByRole("heading", { name: "Erased customer" }).waitFor();
  await waitFor(async () => (await stack.platform.erasures.find(customer_id))?.status === "done");
  await page.getByText("erased", { exact: true }).waitFor();
  expect(await page.getByRole("button", { name: "Erase" }).count()).toBe(0);
  expect(await brokenPromises(stack.platform)).toEqual([]);
  await page.close();
});
