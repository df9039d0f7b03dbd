import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium, type Page } from "playwright-core";

// `npm run screenshots -- <link> [key]` makes docs/screenshots/ of a stack that runs. The link is the one that signs in
// once, which `npm start` prints; with the key of a customer it goes on with the customer's pages. Submit some jobs
// before: it shows what there is.

const OUT = new URL("../docs/screenshots/", import.meta.url).pathname;
const PAGES =
  "jobs queue failures bulk-actions webhooks runners customers job-types money operators audit-log new-job".split(
    " ",
  );
const CUSTOMERS_PAGES = "jobs new-job failures webhooks wallet usage keys".split(" ");
const SIZE = { width: 1200, height: 600 };

const [link, customersKey] = process.argv.slice(2);
if (link === undefined) throw new Error("which link? npm start prints it: npm run screenshots -- <link>");

const profile = await mkdtemp(join(tmpdir(), "iep-screenshots-"));
const browser = await chromium.launchPersistentContext(profile, {
  executablePath: process.env["CHROMIUM"] ?? "/usr/bin/chromium",
  headless: true,
  args: ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"],
  viewport: SIZE,
  reducedMotion: "reduce",
});
try {
  await mkdir(OUT, { recursive: true });
  const page = await browser.newPage();
  const root = new URL(link);
  root.hash = "";
  await page.goto(root.href);
  await page.getByLabel("API key").waitFor();
  await shoot(page, "sign-in");
  await page.goto(link);
  await page.locator(".side").waitFor();
  await visit(page, root, "overview", "");
  for (const name of PAGES) await visit(page, root, name, `/${name}`);
  for (const [name, path] of [
    ["job", "/jobs?status=succeeded"],
    ["job-failed", "/jobs?status=failed"],
    ["customer", "/customers"],
    ["webhook", "/webhooks"],
    ["job-type", "/job-types"],
  ] as const)
    await visitFirst(page, root, name, path);
  await page.emulateMedia({ colorScheme: "dark", reducedMotion: "reduce" });
  await visit(page, root, "overview-dark", "");
  await visit(page, root, "jobs-dark", "/jobs");
  await page.setViewportSize({ width: 400, height: 800 });
  await visit(page, root, "overview-narrow", "");
  if (customersKey !== undefined) await showCustomersPages(page, root, customersKey);
} finally {
  await browser.close();
  await rm(profile, { recursive: true, force: true });
}

async function showCustomersPages(page: Page, root: URL, key: string): Promise<void> {
  await page.emulateMedia({ colorScheme: "light", reducedMotion: "reduce" });
  await page.setViewportSize(SIZE);
  await page.context().clearCookies();
  await page.goto(root.href);
  await page.getByLabel("API key").fill(key);
  await page.keyboard.press("Enter");
  await page.locator(".side").waitFor();
  await visit(page, root, "own-overview", "");
  for (const name of CUSTOMERS_PAGES) await visit(page, root, `own-${name}`, `/${name}`);
}

async function visit(page: Page, root: URL, name: string, path: string): Promise<void> {
  await page.goto(root.href + path);
  await settled(page);
  await shoot(page, name);
}

/** The page to which the first row of a list leads, where it has one. */
async function visitFirst(page: Page, root: URL, name: string, path: string): Promise<void> {
  await page.goto(root.href + path);
  await settled(page);
  const first = page.locator("main tbody a[href]").first();
  if ((await first.count()) === 0) return;
  await first.click();
  await page.locator("main .facts").first().waitFor();
  await settled(page);
  await shoot(page, name);
}

async function settled(page: Page): Promise<void> {
  await page.locator("main h1").waitFor();
  await page.locator(".waiting").first().waitFor({ state: "detached" });
}

async function shoot(page: Page, name: string): Promise<void> {
  await page.screenshot({ path: join(OUT, `${name}.png`) });
}
