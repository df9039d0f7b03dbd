import type { JSX } from "preact";
import type { Api } from "../api-types.gen.ts";
import { ask, post } from "../lib/http.ts";
import { editableMoney, money, parseMoney } from "../lib/money.ts";
import { learn } from "../lib/names.ts";
import { go, pageUrl } from "../lib/place.ts";
import { Problem } from "../lib/problem.ts";
import { isOperator, may } from "../lib/role.ts";
import type { Job } from "../lib/use-job-list.ts";
import { openForm } from "./form-dialog.tsx";
import { refundedCents, useJobEntries } from "./job-money.tsx";
import { shortId } from "./values.tsx";

interface Props {
  readonly job: Job;
  readonly reload: () => void;
}

/** Cancel, retry, refund: each says first what it costs. */
export function JobActions({ job, reload }: Props): JSX.Element {
  const currency = learn("customers", job.customer_id)?.currency;
  const left_cents = (job.cost_cents ?? 0) - refundedCents(useJobEntries(job));
  const isOpen = job.completed_at === null;
  return (
    <>
      {isOpen && may("operate") ? (
        <button type="button" onClick={() => askToCancel(job, currency, reload)}>
          Cancel
        </button>
      ) : null}
      {(job.status === "failed" || job.status === "cancelled") && may("operate") ? (
        <button type="button" class="main" onClick={() => void askToRetry(job)}>
          Retry
        </button>
      ) : null}
      {isOperator.value && left_cents > 0 && currency && may("move money") ? (
        <button type="button" onClick={() => askToRefund(job, currency, left_cents, reload)}>
          Refund
        </button>
      ) : null}
    </>
  );
}

function askToCancel(job: Job, currency: string | undefined, reload: () => void): void {
  openForm({
    title: `Cancel job ${shortId(job.id)}?`,
    explain: (
      <p>
        It ends at once, costs nothing, and its hold of {money(job.estimated_cost_cents, currency)} is
        released.
        {job.status === "running" ? " It runs now: its runner is told to stop." : ""} A cancelled job can be
        retried.
      </p>
    ),
    submit: "Cancel the job",
    isDanger: true,
    run: async () => {
      await ask(`/jobs/${job.id}/cancel`, { method: "POST" });
      reload();
      return "Job cancelled";
    },
  });
}

async function askToRetry(job: Job): Promise<void> {
  openForm({
    title: `Retry job ${shortId(job.id)}?`,
    explain: (
      <>
        <p>A new job with the same input. This one stays as it is.</p>
        <p>{await costOf(job)}</p>
      </>
    ),
    submit: "Submit the new job",
    run: async () => {
      const made = await ask<Job>(`/jobs/${job.id}/retry`, { method: "POST" });
      go(pageUrl(`/jobs/${made.id}`));
      return "New job submitted";
    },
  });
}

/** In words, also when there is no price: the retry itself will say the same. */
async function costOf(job: Job): Promise<string> {
  const { customer_id, job_type_id, priority, input_data } = job;
  try {
    const price = await post<Api["JobEstimate"]>("/jobs/estimate", {
      customer_id,
      job_type_id,
      priority,
      input_data,
    });
    const held = `${money(price.estimated_cost_cents, price.currency)} will be held, and charged if it succeeds.`;
    const has = `Available now: ${money(price.available_cents, price.currency)}.`;
    return price.affordable ? `${held} ${has}` : `The wallet cannot pay for it now. ${held} ${has}`;
  } catch (error) {
    return error instanceof Problem ? error.message : "Its price could not be asked for.";
  }
}

function askToRefund(job: Job, currency: string, left_cents: number, reload: () => void): void {
  openForm({
    title: `Refund job ${shortId(job.id)}?`,
    explain: (
      <p>
        Up to {money(left_cents, currency)} of its charge go back to the wallet. A refund cannot be undone.
      </p>
    ),
    fields: [
      {
        name: "amount_cents",
        label: `Amount in ${currency}`,
        kind: "number",
        value: editableMoney(left_cents, currency),
        isRequired: true,
      },
      {
        name: "reference",
        label: "Reference",
        isRequired: true,
        hint: "Yours. The same one never refunds twice.",
      },
      { name: "reason", label: "Reason" },
    ],
    submit: "Refund",
    isDanger: true,
    run: async ({ amount_cents = "", reference, reason }) => {
      const cents = parseMoney(amount_cents, currency);
      if (cents === undefined)
        throw new Error(`The amount must be a number such as ${editableMoney(left_cents, currency)}.`);
      await post(`/jobs/${job.id}/refunds`, {
        amount_cents: cents,
        reference,
        ...(reason ? { reason } : {}),
      });
      reload();
      return "Refunded";
    },
  });
}
