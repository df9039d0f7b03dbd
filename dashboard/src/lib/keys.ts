import { signal } from "@preact/signals";
import { isOperator } from "./role.ts";
import { isLive } from "./changes.ts";
import { go, pageUrl } from "./place.ts";
import { nextTheme } from "./theme.ts";

export const isHelpOpen = signal(false);

const KEY = "iep-keys";
/** Single letters can be turned off: some people's voice or switch types them by accident. */
export const areKeysOn = signal(readKeys());

export function setKeys(on: boolean): void {
  areKeysOn.value = on;
  try {
    localStorage.setItem(KEY, on ? "on" : "off");
  } catch {
    // Then it holds until the page is closed.
  }
}

interface Destination {
  readonly key: string;
  readonly path: string;
  readonly label: string;
  readonly who: "operator" | "customer" | "both";
}

const DESTINATIONS: readonly Destination[] = [
  { key: "o", path: "/", label: "Overview", who: "both" },
  { key: "j", path: "/jobs", label: "Jobs", who: "both" },
  { key: "n", path: "/new-job", label: "New job", who: "both" },
  { key: "q", path: "/queue", label: "Queue", who: "operator" },
  { key: "f", path: "/failures", label: "Failures", who: "both" },
  { key: "b", path: "/bulk-actions", label: "Bulk actions", who: "both" },
  { key: "r", path: "/runners", label: "Runners", who: "operator" },
  { key: "c", path: "/customers", label: "Customers", who: "operator" },
  { key: "t", path: "/job-types", label: "Job types", who: "operator" },
  { key: "m", path: "/money", label: "Money", who: "operator" },
  { key: "p", path: "/operators", label: "Operators", who: "operator" },
  { key: "a", path: "/audit-log", label: "Audit log", who: "operator" },
  { key: "h", path: "/webhooks", label: "Webhooks", who: "both" },
  { key: "w", path: "/wallet", label: "Wallet", who: "customer" },
  { key: "k", path: "/keys", label: "Keys", who: "customer" },
];

export function destinations(): readonly Destination[] {
  const who = isOperator.value ? "operator" : "customer";
  return DESTINATIONS.filter((one) => one.who === who || one.who === "both");
}

export const KEYS: readonly (readonly [string, string])[] = [
  ["?", "This list"],
  ["/", "To the search or the first filter"],
  ["j, k", "Next row, row before"],
  ["Enter", "Open the row"],
  ["l", "Live updates on or off"],
  ["d", "Light, dark, or as the system"],
  ["Esc", "Close a dialog"],
];

export function startKeys(): void {
  let isGoing = false;
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !areKeysOn.value || isTyping(event.target)) return;
    if (document.querySelector("dialog[open]")) return;
    if (isGoing) {
      isGoing = false;
      const to = destinations().find(({ key }) => key === event.key);
      if (to) go(pageUrl(to.path));
      return;
    }
    if (event.key === "g") isGoing = true;
    else if (event.key === "?") isHelpOpen.value = true;
    else if (event.key === "l") isLive.value = !isLive.value;
    else if (event.key === "d") nextTheme();
    else if (event.key === "j") moveRow(1);
    else if (event.key === "k") moveRow(-1);
    else if (event.key === "/") {
      event.preventDefault();
      document.querySelector<HTMLElement>("[data-search]")?.focus();
    }
  });
}

function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    target.matches("input:not([type=checkbox]), select, textarea, [contenteditable]")
  );
}

/** The first link of a row takes the focus, so that Enter opens it. */
function moveRow(by: 1 | -1): void {
  const links = [...document.querySelectorAll<HTMLElement>("main tbody tr")].flatMap(
    (row) => row.querySelector<HTMLElement>("a[href]") ?? [],
  );
  const row = document.activeElement?.closest("tr");
  const at = links.findIndex((link) => link.closest("tr") === row);
  links.at(Math.max(0, Math.min(links.length - 1, at === -1 ? 0 : at + by)))?.focus();
}

function readKeys(): boolean {
  try {
    return localStorage.getItem(KEY) !== "off";
  } catch {
    return true;
  }
}
