import type { JSX } from "preact";
import type { Api } from "../api-types.gen.ts";
import { apiPath } from "../lib/http.ts";
import { go, query, withQuery } from "../lib/place.ts";
import { useAnswer } from "../lib/use-answer.ts";
import { Answered, Card } from "./page.tsx";
import { Pager } from "./pager.tsx";
import { Select } from "./select.tsx";
import { Table } from "./table.tsx";
import { Text } from "./text.tsx";
import { CustomerLink, JobLink, Money, Time } from "./values.tsx";

const KINDS = ["top_up", "charge", "refund", "adjustment", "grant", "chargeback"] as const;

/** The entries of all wallets, newest first. */
export function Ledger(): JSX.Element {
  const kind = query.value.get("kind") ?? undefined;
  const answer = useAnswer<Api["LedgerPage"]>(
    apiPath("/ledger-entries", { kind, cursor: query.value.get("cursor") ?? undefined }),
    5_000,
  );
  return (
    <Card
      title="Ledger"
      actions={
        <Select
          label="Kind of entry"
          value={kind ?? ""}
          options={[
            { value: "", label: "All kinds" },
            ...KINDS.map((one) => ({ value: one, label: one.replaceAll("_", " ") })),
          ]}
          onValue={(value) => go(withQuery({ kind: value, cursor: undefined }))}
        />
      }
    >
      <Answered answer={answer}>
        {({ data, next_cursor }) => (
          <>
            <Table
              caption="Ledger entries of all wallets, newest first"
              rows={data}
              keyOf={({ wallet_id, seq }) => `${wallet_id} ${seq}`}
              empty="No entries."
              columns={[
                { name: "When", cell: ({ created_at }) => <Time time={created_at} /> },
                { name: "Customer", cell: ({ customer_id }) => <CustomerLink id={customer_id} /> },
                { name: "No.", isFigure: true, cell: ({ seq }) => seq },
                { name: "Kind", cell: (entry) => entry.kind.replaceAll("_", " ") },
                {
                  name: "Amount",
                  isFigure: true,
                  cell: ({ amount_cents, currency }) => <Money cents={amount_cents} currency={currency} />,
                },
                {
                  name: "Balance after",
                  isFigure: true,
                  cell: ({ balance_after_cents, currency }) => (
                    <Money cents={balance_after_cents} currency={currency} />
                  ),
                },
                { name: "Job", cell: ({ job_id }) => (job_id === null ? "–" : <JobLink id={job_id} />) },
                {
                  name: "Why",
                  cell: ({ reference, reason, actor }) => (
                    <span class="wide-text">
                      <Text
                        value={[reason, reference, actor && `by ${actor}`].filter(Boolean).join(" · ") || "–"}
                      />
                    </span>
                  ),
                },
              ]}
            />
            <Pager next={next_cursor} />
          </>
        )}
      </Answered>
    </Card>
  );
}
