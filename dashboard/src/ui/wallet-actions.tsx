import type { JSX } from "preact";
import type { Api } from "../api-types.gen.ts";
import { ask, post } from "../lib/http.ts";
import { editableMoney, money, parseMoney } from "../lib/money.ts";
import type { FieldSpec } from "./field.tsx";
import { openForm } from "./form-dialog.tsx";

type Wallet = Api["Wallet"];

interface Props {
  readonly wallet: Wallet;
  readonly reload: () => void;
}

const MOVES = [
  {
    path: "top-ups",
    label: "Top up",
    explain: "Money that was paid goes into the wallet.",
    needsReason: undefined,
    done: "Topped up",
  },
  {
    path: "grants",
    label: "Grant",
    explain: "Money that nobody paid goes into the wallet: a welcome, a goodwill.",
    needsReason: false,
    done: "Granted",
  },
  {
    path: "adjustments",
    label: "Adjust",
    explain: "Corrects the balance, up or down. A negative amount takes money away, never what is held.",
    needsReason: true,
    done: "Adjusted",
  },
] as const;

/** What moves money by hand. Each has a reference, so that sending it twice moves it once. */
export function WalletActions({ wallet, reload }: Props): JSX.Element {
  return (
    <>
      {MOVES.map((move) => (
        <button
          key={move.path}
          type="button"
          class={move.path === "top-ups" ? "main" : ""}
          onClick={() => askToMove(move, wallet, reload)}
        >
          {move.label}
        </button>
      ))}
      <button type="button" onClick={() => askForLimits(wallet, reload)}>
        Limits
      </button>
      <button type="button" onClick={() => askToFreeze(wallet, reload)}>
        {wallet.frozen_at ? "Unfreeze" : "Freeze"}
      </button>
    </>
  );
}

function askToMove(move: (typeof MOVES)[number], wallet: Wallet, reload: () => void): void {
  const { currency, customer_id } = wallet;
  const reason: FieldSpec[] =
    move.needsReason === undefined ? [] : [{ name: "reason", label: "Reason", isRequired: move.needsReason }];
  openForm({
    title: move.label,
    explain: (
      <>
        <p>{move.explain}</p>
        <p>
          Balance now: {money(wallet.current_balance_cents, currency)}, of which{" "}
          {money(wallet.pending_charges_cents, currency)} is held.
        </p>
      </>
    ),
    fields: [
      { name: "amount_cents", label: `Amount in ${currency}`, kind: "number", isRequired: true },
      {
        name: "reference",
        label: "Reference",
        isRequired: true,
        hint: "Yours, such as the number of a payment. The same one never moves money twice.",
      },
      ...reason,
    ],
    submit: move.label,
    run: async (values) => {
      const amount_cents = amountOf(values["amount_cents"], currency);
      await post(`/customers/${customer_id}/wallet/${move.path}`, {
        amount_cents,
        reference: values["reference"],
        ...(values["reason"] ? { reason: values["reason"] } : {}),
      });
      reload();
      return `${move.done}: ${money(amount_cents, currency)}`;
    },
  });
}

function askForLimits(wallet: Wallet, reload: () => void): void {
  const { currency } = wallet;
  const optional = (text: string | undefined): number | null => (text ? amountOf(text, currency) : null);
  openForm({
    title: "Limits of the wallet",
    fields: [
      {
        name: "credit_limit_cents",
        label: `Credit in ${currency}`,
        kind: "number",
        value: editableMoney(wallet.credit_limit_cents, currency),
        isRequired: true,
        hint: "How far below zero jobs may take the balance.",
      },
      {
        name: "monthly_spend_limit_cents",
        label: `Monthly limit in ${currency}`,
        kind: "number",
        value: editableMoney(wallet.monthly_spend_limit_cents, currency),
        hint: "Charges of a month and open holds together. Empty: no limit.",
      },
      {
        name: "low_balance_cents",
        label: `Tell below, in ${currency}`,
        kind: "number",
        value: editableMoney(wallet.low_balance_cents, currency),
        hint: "An event is written when the balance falls below. Empty: none.",
      },
    ],
    submit: "Change",
    run: async (values) => {
      await ask(`/customers/${wallet.customer_id}/wallet`, {
        method: "PATCH",
        body: {
          credit_limit_cents: amountOf(values["credit_limit_cents"], currency),
          monthly_spend_limit_cents: optional(values["monthly_spend_limit_cents"]),
          low_balance_cents: optional(values["low_balance_cents"]),
        },
      });
      reload();
      return "Limits changed";
    },
  });
}

function askToFreeze(wallet: Wallet, reload: () => void): void {
  const frozen = !wallet.frozen_at;
  openForm({
    title: frozen ? "Freeze the wallet?" : "End the freeze?",
    explain: (
      <p>
        {frozen
          ? `New jobs of this customer are refused. What is held stays held (${money(wallet.pending_charges_cents, wallet.currency)}), and jobs that wait or run go on.`
          : "The wallet pays for new jobs again."}
      </p>
    ),
    submit: frozen ? "Freeze" : "Unfreeze",
    isDanger: frozen,
    run: async () => {
      await ask(`/customers/${wallet.customer_id}/wallet`, { method: "PATCH", body: { frozen } });
      reload();
      return frozen ? "Wallet frozen" : "Wallet no longer frozen";
    },
  });
}

function amountOf(text: string | undefined, currency: string): number {
  const cents = parseMoney(text ?? "", currency);
  if (cents === undefined)
    throw new Error(`An amount must be a number of ${currency}, such as ${editableMoney(1_250, currency)}.`);
  return cents;
}
