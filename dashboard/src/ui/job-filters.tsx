import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { go, pageUrl, query, withQuery } from "../lib/place.ts";
import { isOperator } from "../lib/role.ts";
import { Select } from "./select.tsx";

const ID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

const AGES = [
  { label: "Any time", minutes: "" },
  { label: "Last 15 min", minutes: "15" },
  { label: "Last hour", minutes: "60" },
  { label: "Last 24 h", minutes: "1440" },
  { label: "Last 7 days", minutes: "10080" },
] as const;

/** What the list is narrowed to. Each choice is a step in the history, so that back undoes it. */
export function JobFilters({
  types,
}: {
  readonly types: readonly { readonly id: string; readonly name: string }[];
}): JSX.Element {
  const values = query.value;
  const choose = (name: string, value: string): void => go(withQuery({ [name]: value, cursor: undefined }));
  return (
    <div class="filters" role="search" aria-label="Filter the jobs">
      <JumpToId />
      <Select
        label="Job type"
        value={values.get("job_type_id") ?? ""}
        options={[
          { value: "", label: "All types" },
          ...types.map(({ id, name }) => ({ value: id, label: name })),
        ]}
        onValue={(value) => choose("job_type_id", value)}
      />
      <Select
        label="Priority"
        value={values.get("priority") ?? ""}
        options={[
          { value: "", label: "All priorities" },
          { value: "0", label: "High" },
          { value: "1", label: "Medium" },
          { value: "2", label: "Low" },
        ]}
        onValue={(value) => choose("priority", value)}
      />
      <Select
        label="Created"
        value=""
        options={[
          ...(values.get("created_after")
            ? [{ value: "", label: `Since ${values.get("created_after")?.slice(0, 16)}` }]
            : []),
          ...AGES.map(({ label, minutes }) => ({
            value: minutes || (values.get("created_after") ? "any" : ""),
            label,
          })),
        ]}
        onValue={(minutes) =>
          choose("created_after", minutes === "any" || minutes === "" ? "" : since(Number(minutes)))
        }
      />
      {values.get("fingerprint") ? (
        <button type="button" onClick={() => choose("fingerprint", "")}>
          Of one failure <span aria-hidden="true">×</span>
          <span class="unseen">: show all</span>
        </button>
      ) : null}
      {isOperator.value ? <CustomerFilter value={values.get("customer_id") ?? ""} /> : null}
    </div>
  );
}

/** The address keeps the time itself: a link that is passed on shows the same jobs tomorrow. */
function since(minutes: number): string {
  return new Date(Date.now() - minutes * 60_000).toISOString();
}

function JumpToId(): JSX.Element {
  const [text, setText] = useState("");
  const [isWrong, setWrong] = useState(false);
  const open = (event: Event): void => {
    event.preventDefault();
    const id = text.trim();
    if (ID.test(id)) go(pageUrl(`/jobs/${id.toLowerCase()}`));
    else setWrong(true);
  };
  return (
    <form onSubmit={open}>
      <input
        data-search
        type="search"
        aria-label="Open a job by its id"
        aria-invalid={isWrong ? true : undefined}
        placeholder="Job id, then Enter"
        value={text}
        onInput={(event) => {
          setText(event.currentTarget.value);
          setWrong(false);
        }}
      />
      {isWrong ? (
        <span class="wrong" role="alert">
          That is no job id.
        </span>
      ) : null}
    </form>
  );
}

function CustomerFilter({ value }: { readonly value: string }): JSX.Element {
  const [text, setText] = useState(value);
  useEffect(() => setText(value), [value]);
  const apply = (event: Event): void => {
    event.preventDefault();
    go(withQuery({ customer_id: text.trim(), cursor: undefined }));
  };
  return (
    <form onSubmit={apply}>
      <input
        type="search"
        aria-label="Only jobs of this customer, by id"
        placeholder="Customer id"
        value={text}
        onInput={(event) => setText(event.currentTarget.value)}
      />
    </form>
  );
}
