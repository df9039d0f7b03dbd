import type { JSX } from "preact";
import type { Api } from "../api-types.gen.ts";
import { Table } from "./table.tsx";
import { Text } from "./text.tsx";
import { JobLink, Money, Time } from "./values.tsx";

type Entry = Api["WalletEntry"];

interface EntryTableProps {
  readonly caption: string;
  readonly entries: readonly Entry[];
  readonly currency: string | undefined;
  readonly withJob?: boolean;
}

/** Entries of a ledger, as they are: nothing is added up. */
export function EntryTable({ caption, entries, currency, withJob = false }: EntryTableProps): JSX.Element {
  return (
    <Table
      caption={caption}
      rows={entries}
      keyOf={({ wallet_id, seq }) => `${wallet_id} ${seq}`}
      columns={[
        { name: "No.", isFigure: true, cell: ({ seq }) => seq },
        { name: "Kind", cell: ({ kind }) => kind.replaceAll("_", " ") },
        {
          name: "Amount",
          isFigure: true,
          cell: ({ amount_cents }) => <Money cents={amount_cents} currency={currency} />,
        },
        {
          name: "Balance after",
          isFigure: true,
          cell: ({ balance_after_cents }) => <Money cents={balance_after_cents} currency={currency} />,
        },
        { name: "When", cell: ({ created_at }) => <Time time={created_at} /> },
        ...(withJob
          ? [{ name: "Job", cell: ({ job_id }: Entry) => (job_id ? <JobLink id={job_id} /> : "–") }]
          : []),
        {
          name: "Why",
          cell: ({ reference, reason, actor }) => (
            <span class="wide-text">
              {[reason, reference, actor && `by ${actor}`].filter(Boolean).map((text, index) => (
                <>
                  {index > 0 ? " · " : ""}
                  <Text value={String(text)} />
                </>
              ))}
            </span>
          ),
        },
      ]}
    />
  );
}
