import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { hiddenColumns, OPTIONAL_COLUMNS, showColumn } from "../lib/columns.ts";
import { isOperator } from "../lib/role.ts";

/** Which columns the list of jobs has, in this browser. */
export function ColumnChooser(): JSX.Element {
  const [isOpen, setOpen] = useState(false);
  const names = OPTIONAL_COLUMNS.filter((name) => name !== "Customer" || isOperator.value);
  return (
    <>
      <button type="button" popovertarget="columns">
        Columns
      </button>
      <div
        id="columns"
        class="chooser"
        popover="auto"
        role="group"
        aria-label="Columns of the list"
        onToggle={(event) => setOpen(event.currentTarget.matches(":popover-open"))}
      >
        {isOpen
          ? names.map((name) => (
              <label key={name}>
                <input
                  type="checkbox"
                  checked={!hiddenColumns.value.has(name)}
                  onChange={(event) => showColumn(name, event.currentTarget.checked)}
                />{" "}
                {name}
              </label>
            ))
          : null}
      </div>
    </>
  );
}
