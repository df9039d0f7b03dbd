import type { JSX } from "preact";
import { ExactNumber } from "../lib/exact-json.ts";
import { say } from "./toast.tsx";
import { Text } from "./text.tsx";

/** Items of one object or list that are shown before one asks for all. */
const ITEMS_MAX = 100;
/** Characters of one string. The rest is in the copy. */
const CHARACTERS_MAX = 5_000;

/** A JSON value to open and close, with its numbers exactly as they were sent. */
export function JsonView({ label, value }: { readonly label: string; readonly value: unknown }): JSX.Element {
  const copy = (): void => {
    void navigator.clipboard.writeText(JSON.stringify(value, null, 2)).then(
      () => say(`${label} copied`),
      () => say("The browser did not allow the copy"),
    );
  };
  return (
    <div class="json">
      <button type="button" class="small copy" onClick={copy} aria-label={`Copy ${label}`}>
        Copy
      </button>
      <div class="scroll" role="region" aria-label={label} tabIndex={0}>
        <Value value={value} depth={0} />
      </div>
    </div>
  );
}

function Value({ value, depth }: { readonly value: unknown; readonly depth: number }): JSX.Element {
  if (value instanceof ExactNumber) return <span class="json-number">{value.text}</span>;
  if (typeof value === "string") return <Str value={value} />;
  if (typeof value !== "object" || value === null) return <span class="json-number">{String(value)}</span>;
  const isList = Array.isArray(value);
  const items = Object.entries(value);
  if (items.length === 0) return <span>{isList ? "[]" : "{}"}</span>;
  const count = `${items.length} ${isList ? "item" : "field"}${items.length === 1 ? "" : "s"}`;
  return (
    <details open={depth < 2}>
      <summary>{isList ? `[ ${count} ]` : `{ ${count} }`}</summary>
      <ul>
        {items.slice(0, ITEMS_MAX).map(([name, item]) => (
          <li key={name}>
            <span class="json-name">
              <Text value={name} />
            </span>
            {": "}
            <Value value={item} depth={depth + 1} />
          </li>
        ))}
        {items.length > ITEMS_MAX ? (
          <li class="quiet">… {items.length - ITEMS_MAX} more: Copy has them</li>
        ) : null}
      </ul>
    </details>
  );
}

function Str({ value }: { readonly value: string }): JSX.Element {
  const shown = value.length > CHARACTERS_MAX ? value.slice(0, CHARACTERS_MAX) : value;
  return (
    <span class="json-string">
      "<Text value={shown} />"
      {shown === value ? null : (
        <span class="quiet"> … {value.length - shown.length} more characters: Copy has them</span>
      )}
    </span>
  );
}
