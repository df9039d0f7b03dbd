import type { JSX } from "preact";
import { hiddenColumns, OPTIONAL_COLUMNS, showColumn } from "../lib/columns.ts";
import { isOperator } from "../lib/role.ts";

/** Which columns the list of jobs has, in this browser. */
export function ColumnChooser(): JSX.Element {
  const names = OPTIONAL_COLUMNS.filter((name) => name !== "Customer" || isOperator.value);
  return (
    <>
      <button type="button" popovertarget="columns">
        Columns
      </button>
      <div id="columns" class="chooser" popover="auto" role="group" aria-label="Columns of the list">
        {names.map((name) => (
          <label key={name}>
            <input
              type="checkbox"
              checked={!hiddenColumns.value.has(name)}
              onChange={(event) => showColumn(name, event.currentTarget.checked)}
            />{" "}
            {name}
          </label>
        ))}
      </div>
    </>
  );
}
