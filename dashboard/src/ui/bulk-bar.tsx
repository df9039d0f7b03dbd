import type { JSX } from "preact";
import type { BulkFilter } from "../lib/bulk.ts";
import { may } from "../lib/role.ts";
import { askBulk } from "./ask-bulk.tsx";

interface BulkBarProps {
  readonly selected: readonly string[];
  readonly onClear: () => void;
  /** What the list is narrowed to. */
  readonly filter: BulkFilter;
}

/** Acts on the rows that are ticked or, where none is, on all that the list is narrowed to. */
export function BulkBar({ selected, onClear, filter }: BulkBarProps): JSX.Element | null {
  if (!may("operate")) return null;
  const isNarrowed = Object.values(filter).some((value) => value !== undefined);
  if (selected.length === 0 && !isNarrowed) return null;
  const reached: BulkFilter = selected.length > 0 ? { ids: selected } : filter;
  const { status } = filter;
  const mayRetry =
    selected.length > 0 || status === undefined || status === "failed" || status === "cancelled";
  const mayCancel =
    filter.fingerprint === undefined &&
    (selected.length > 0 || status === undefined || status === "pending" || status === "running");
  if (!mayRetry && !mayCancel) return null;
  return (
    <div class="bulk" role="group" aria-label="All at once">
      <span>{selected.length > 0 ? `${selected.length} chosen` : "All that match"}</span>
      {mayRetry ? (
        <button type="button" class="small" onClick={() => void askBulk("retry", reached)}>
          Retry …
        </button>
      ) : null}
      {mayCancel ? (
        <button type="button" class="small" onClick={() => void askBulk("cancel", reached)}>
          Cancel …
        </button>
      ) : null}
      {selected.length > 0 ? (
        <button type="button" class="small" onClick={onClear}>
          Choose none
        </button>
      ) : null}
    </div>
  );
}
