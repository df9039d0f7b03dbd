import type { JSX } from "preact";
import type { Api } from "../api-types.gen.ts";
import { ask, post } from "../lib/http.ts";
import { money } from "../lib/money.ts";
import { openForm } from "./form-dialog.tsx";
import { Text } from "./text.tsx";

type Customer = Api["Customer"];
type Erasure = Api["Erasure"];

/** Says what would be erased, and asks for the id: it cannot be taken back. */
export function EraseCustomer(props: {
  readonly customer: Customer;
  readonly reload: () => void;
}): JSX.Element {
  const { customer, reload } = props;
  const open = async (): Promise<void> => {
    const found = await ask<Erasure>(`/customers/${customer.id}/erasure`);
    openForm({
      title: "Erase this customer, for good?",
      explain: <Scope customer={customer} found={found} />,
      fields: [
        { name: "confirm", label: "To confirm, the id of the customer", isRequired: true, hint: customer.id },
        ...(found.open_jobs > 0 ? [decision("cancel_jobs", "Jobs that wait or run", "Cancel them")] : []),
        ...(found.balance_cents === 0
          ? []
          : [decision("forfeit", "The balance", "Give it up, by an adjustment")]),
      ],
      submit: "Erase",
      isDanger: true,
      run: async ({ confirm, cancel_jobs, forfeit }) => {
        await post(`/customers/${customer.id}/erase`, {
          confirm,
          cancel_jobs: cancel_jobs === "yes",
          forfeit: forfeit === "yes",
        });
        reload();
        return "Name, address and keys are gone. Runners erase the rest.";
      },
    });
  };
  return (
    <button type="button" onClick={() => void open()}>
      Erase
    </button>
  );
}

function decision(name: string, label: string, yes: string) {
  return {
    name,
    label,
    kind: "select",
    value: "no",
    options: [
      { value: "no", label: "Not decided: then it is refused" },
      { value: "yes", label: yes },
    ],
  } as const;
}

function Scope(props: { readonly customer: Customer; readonly found: Erasure }): JSX.Element {
  const { customer, found } = props;
  const { jobs, is_capped, api_keys, open_jobs, balance_cents, currency, entries, entries_with_name } = found;
  return (
    <>
      <p>
        <Text value={customer.name} />: name, address and {api_keys} keys go at once, then what{" "}
        {is_capped ? "more than " : ""}
        {jobs.toLocaleString("en")} jobs were given, returned and logged. {open_jobs.toLocaleString("en")} of
        them wait or run. The balance is {money(balance_cents, currency)}.
      </p>
      <p>
        {entries.toLocaleString("en")} ledger entries stay as they are.{" "}
        {entries_with_name === 0
          ? ""
          : `${entries_with_name} of them have the name or the address in their text.`}
      </p>
    </>
  );
}
