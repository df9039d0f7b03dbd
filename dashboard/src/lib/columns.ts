import { signal } from "@preact/signals";

const KEY = "iep-job-columns";

/** Columns of the list of jobs that may be left out. */
export const OPTIONAL_COLUMNS = [
  "Type",
  "Customer",
  "Price",
  "Priority",
  "Created",
  "Waited",
  "Ran",
  "Attempt",
] as const;

/** Those that are left out, kept in this browser. */
export const hiddenColumns = signal<ReadonlySet<string>>(readHidden());

export function showColumn(name: string, isShown: boolean): void {
  const others = [...hiddenColumns.value].filter((one) => one !== name);
  hiddenColumns.value = new Set(isShown ? others : [...others, name]);
  try {
    localStorage.setItem(KEY, JSON.stringify([...hiddenColumns.value]));
  } catch {
    // Then it holds until the page is closed.
  }
}

function readHidden(): ReadonlySet<string> {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(KEY) ?? "[]");
    return new Set(Array.isArray(kept) ? OPTIONAL_COLUMNS.filter((name) => kept.includes(name)) : []);
  } catch {
    return new Set();
  }
}
