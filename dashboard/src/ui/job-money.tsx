import type { JSX } from "preact";
import type { Api } from "../api-types.gen.ts";
import { apiPath } from "../lib/http.ts";
import { learn } from "../lib/names.ts";
import { useAnswer } from "../lib/use-answer.ts";
import type { Job } from "../lib/use-job-list.ts";
import { EntryTable } from "./entry-table.tsx";
import { Card, Facts } from "./page.tsx";
import { Money } from "./values.tsx";

export type Entry = Api["WalletEntry"];

/** What the job was to cost, what it did cost, and the entries of the ledger that say so. */
export function JobMoney({ job }: { readonly job: Job }): JSX.Element {
  const currency = learn("customers", job.customer_id)?.currency;
  const entries = useJobEntries(job);
  const refunded = refundedCents(entries);
  return (
    <Card title="Money">
      <Facts
        facts={[
          ["Quote", <Money cents={job.estimated_cost_cents} currency={currency} />],
          [
            "Held now",
            <Money cents={job.completed_at === null ? job.estimated_cost_cents : 0} currency={currency} />,
          ],
          ["Charged", <Money cents={job.cost_cents ?? 0} currency={currency} />],
          ...(refunded > 0 ? [["Refunded", <Money cents={refunded} currency={currency} />] as const] : []),
        ]}
      />
      <p class="quiet">{moneySentence(job)}</p>
      {entries.length > 0 ? (
        <EntryTable caption="Ledger entries of this job" entries={entries} currency={currency} />
      ) : null}
    </Card>
  );
}

/** The entries of a job: its charge and its refunds, all of which come at or after its end. */
export function useJobEntries(job: Job): readonly Entry[] {
  const path =
    job.cost_cents === null || job.cost_cents === 0 || job.completed_at === null
      ? undefined
      : apiPath(`/customers/${job.customer_id}/wallet/entries`, { from: job.completed_at, limit: 200 });
  const { data } = useAnswer<{ readonly data: readonly Entry[] }>(path, 5_000);
  return (data?.data ?? []).filter(({ job_id }) => job_id === job.id);
}

export function refundedCents(entries: readonly Entry[]): number {
  return entries
    .filter(({ kind }) => kind === "refund")
    .reduce((sum, { amount_cents }) => sum + amount_cents, 0);
}

function moneySentence(job: Job): string {
  if (job.status === "succeeded")
    return "Charged once, when it succeeded. It never costs more than its quote.";
  if (job.completed_at !== null) return "It cost nothing: only jobs that succeed are charged.";
  return "The quote is held, not charged: the wallet cannot spend it twice. What is not charged is let go.";
}
