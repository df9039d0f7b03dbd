import type { BrowserContext } from "playwright-core";
import { beforeAll, expect, test } from "vitest";
import { hashApiKey } from "../../src/core/model/api-key.ts";
import { openPage, startBrowser } from "../support/chromium.ts";
import { createCustomer } from "../support/test-platform.ts";
import { createKey, startDashboardStack, type DashboardStack } from "./dashboard-stack.ts";

// A customer looks after its own keys in a browser.

let stack: DashboardStack;
let browser: BrowserContext;

beforeAll(async () => {
  [stack, browser] = await Promise.all([startDashboardStack(), startBrowser()]);
});

test("a new key may do what was chosen, and is rolled: the old one stays for a while", async () => {
  const customer_id = await createCustomer(stack.platform);
  const { page, faults } = await openPage(browser);
  await page.goto(`${stack.url}/dashboard/keys`);
  await page.getByLabel("API key").fill(await createKey(stack, customer_id));
  await page.getByRole("button", { name: "Sign in" }).click();

  await page.getByRole("button", { name: "New key" }).click();
  await page.getByLabel("Name").fill("reports");
  await page.getByLabel("May", { exact: true }).selectOption({ label: "read jobs, read the wallet" });
  await page.getByRole("button", { name: "Create" }).click();
  await page.getByRole("button", { name: "I have it" }).click();
  const row = page.getByRole("row").filter({ hasText: "reports" });
  await row.getByText("read jobs, read the wallet").waitFor();
  const [created] = await stack.platform.customers.listApiKeys(customer_id);
  expect(created).toMatchObject({ name: "reports", scopes: ["jobs:read", "wallet:read"], expires_at: null });

  await row.getByRole("button", { name: "Roll" }).click();
  await page.getByLabel("The old key stays valid for").selectOption({ label: "7 days" });
  await page.getByRole("button", { name: "Replace" }).click();
  const shown =
    (await page
      .getByText(/^iep_\w{49}$/)
      .first()
      .textContent()) ?? "";
  await page.getByRole("button", { name: "I have it" }).click();
  // A moment less than seven days.
  await row.getByText("in 6 d").waitFor();
  expect(await stack.platform.customers.findByApiKey(hashApiKey(shown))).toMatchObject({ id: customer_id });
  const [rolled, old] = await stack.platform.customers.listApiKeys(customer_id);
  expect(rolled).toMatchObject({ name: "reports", scopes: ["jobs:read", "wallet:read"], expires_at: null });
  expect((Date.parse(old?.expires_at ?? "") - Date.now()) / 86_400_000).toBeCloseTo(7, 1);
  expect(faults).toEqual([]);
  await page.close();
});
