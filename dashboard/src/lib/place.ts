import { computed, signal } from "@preact/signals";
import { HOME } from "./root.ts";

/** The address, which holds all state of a page: what is copied from the address bar shows the same. */
const address = signal(new URL(location.href));

/** The page: the segments of the path below /dashboard. */
export const segments = computed(() =>
  address.value.pathname
    .slice(HOME.length)
    .split("/")
    .filter((segment) => segment !== "")
    .map(decodeSegment),
);

/** What the page shows of its data: filters, tab, page of a list. */
export const query = computed(() => address.value.searchParams);

/** The address of a page. Empty values are left out: what is usual is not written. */
export function pageUrl(path: string, values: Readonly<Record<string, string | undefined>> = {}): string {
  const given = Object.entries(values).filter((pair): pair is [string, string] => Boolean(pair[1]));
  const search = new URLSearchParams(given).toString();
  return HOME + (path === "/" ? "" : path) + (search === "" ? "" : `?${search}`);
}

/** The address of this page with some values changed. */
export function withQuery(values: Readonly<Record<string, string | undefined>>): string {
  const all = { ...Object.fromEntries(query.value), ...values };
  return pageUrl(`/${segments.value.map(encodeURIComponent).join("/")}`, all);
}

/** Goes to a page. `replace` leaves no step in the history: for what is typed letter by letter. */
export function go(url: string, { replace = false } = {}): void {
  const path_before = address.value.pathname;
  if (replace) history.replaceState(null, "", url);
  else history.pushState(null, "", url);
  address.value = new URL(location.href);
  if (address.value.pathname !== path_before) {
    scrollTo(0, 0);
    focusHeading();
  }
}

/** Listens for back and forward, and opens links to pages of ours without loading the page anew. */
export function startPlaces(): void {
  addEventListener("popstate", () => {
    address.value = new URL(location.href);
  });
  addEventListener("click", (event) => {
    const link = event.target instanceof Element ? event.target.closest("a") : null;
    if (!link || event.defaultPrevented || event.button !== 0 || link.target !== "") return;
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey || link.hasAttribute("download"))
      return;
    const url = new URL(link.href);
    const isOurs = url.pathname === HOME || url.pathname.startsWith(`${HOME}/`);
    if (url.origin !== location.origin || !isOurs || url.hash !== "") return;
    event.preventDefault();
    go(url.href);
  });
}

/** Whoever does not see the screen hears which page came. */
function focusHeading(): void {
  requestAnimationFrame(() => document.querySelector<HTMLElement>("h1")?.focus({ preventScroll: true }));
}

function decodeSegment(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
