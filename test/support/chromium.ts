import { chromium, type BrowserContext, type Page } from "playwright-core";
import { atTheEnd } from "./cleanup.ts";
import { findOrInstall } from "./find-program.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const PROGRAMS = ["chromium", "chromium-browser", "google-chrome"];

/** It asks nobody for anything but the pages of the test, and needs neither a screen nor another user. */
const FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** A real browser with a new profile, closed at the end of the test or of the file. */
export async function startBrowser(): Promise<BrowserContext> {
  const context = await chromium.launchPersistentContext(await temporaryFolder(), {
    executablePath: await findChromium(),
    headless: true,
    args: FLAGS,
    viewport: { width: 1280, height: 900 },
  });
  atTheEnd(() => context.close());
  return context;
}

/** A page, and what went wrong in it: errors that its scripts threw, and what its policy refused to load. */
export async function openPage(context: BrowserContext): Promise<{ page: Page; faults: string[] }> {
  const page = await context.newPage();
  const faults: string[] = [];
  page.on("pageerror", ({ message }) => faults.push(message));
  page.on("console", (message) => {
    if (/Content Security Policy|Refused to/.test(message.text())) faults.push(message.text());
  });
  return { page, faults };
}

/**
 * The path of a Chromium. Installs Debian's as root; elsewhere throws the one line to type.
 */
async function findChromium(): Promise<string> {
  const path = await findOrInstall(PROGRAMS, "chromium");
  if (path !== undefined) return path;
  throw new Error("the tests of the dashboard need chromium. Type: sudo apt-get install -y chromium");
}
