import type { JSX } from "preact";
import type { Api } from "../api-types.gen.ts";
import { money } from "../lib/money.ts";
import { learn } from "../lib/names.ts";
import { pageUrl } from "../lib/place.ts";
import { ago, exactTime } from "../lib/time.ts";
import { Text } from "./text.tsx";

export type JobStatus = Api["Job"]["status"];

const ICONS: Readonly<Record<JobStatus, string>> = {
  pending: "○",
  running: "◐",
  succeeded: "✓",
  failed: "✕",
  cancelled: "⊘",
};

/** Colour, sign and word: no one of them is needed to read it. */
export function Status({ status }: { readonly status: JobStatus }): JSX.Element {
  return (
    <span class={`badge ${status}`}>
      <span aria-hidden="true">{ICONS[status]}</span> {status}
    </span>
  );
}

export function Badge({ kind, children }: { readonly kind: string; readonly children: string }): JSX.Element {
  return <span class={`badge ${kind}`}>{children}</span>;
}

export function Time({ time }: { readonly time: string | null | undefined }): JSX.Element {
  if (!time) return <>–</>;
  return (
    <time dateTime={time} title={exactTime(time)}>
      {ago(time)}
    </time>
  );
}

export function Money(props: {
  readonly cents: number | null | undefined;
  readonly currency: string | null | undefined;
}): JSX.Element {
  return <span class="money">{money(props.cents, props.currency)}</span>;
}

const PRIORITIES = ["high", "medium", "low"] as const;

export function priorityName(priority: number): string {
  return PRIORITIES[priority] ?? String(priority);
}

/** The end of an id: its beginning is a time, which many share. */
export function shortId(id: string): string {
  return id.slice(-8);
}

export function JobLink({ id }: { readonly id: string }): JSX.Element {
  return (
    <a class="id" href={pageUrl(`/jobs/${id}`)} title={id}>
      {shortId(id)}
    </a>
  );
}

export function CustomerLink({ id }: { readonly id: string }): JSX.Element {
  const name = learn("customers", id)?.name;
  return (
    <a class="name" href={pageUrl(`/customers/${id}`)} title={id}>
      {name === undefined ? shortId(id) : <Text value={name} />}
    </a>
  );
}

export function JobTypeName({ id }: { readonly id: string }): JSX.Element {
  const name = learn("job-types", id)?.name;
  return (
    <span class="name" title={id}>
      {name === undefined ? shortId(id) : <Text value={name} />}
    </span>
  );
}
