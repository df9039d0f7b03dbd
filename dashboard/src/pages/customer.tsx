import type { JSX } from "preact";
import type { Api } from "../api-types.gen.ts";
import { apiPath, ask } from "../lib/http.ts";
import { pageUrl, query, withQuery } from "../lib/place.ts";
import { may } from "../lib/role.ts";
import { OF_JOBS, useAnswer } from "../lib/use-answer.ts";
import { CopyId } from "../ui/copy-id.tsx";
import { openForm } from "../ui/form-dialog.tsx";
import { JobTable } from "../ui/job-table.tsx";
import { KeyList } from "../ui/key-list.tsx";
import { Answered, Card, Facts, Page } from "../ui/page.tsx";
import { Tabs } from "../ui/tabs.tsx";
import { Text } from "../ui/text.tsx";
import { Badge, Time } from "../ui/values.tsx";
import { WalletActions } from "../ui/wallet-actions.tsx";
import { WalletEntries } from "../ui/wallet-entries.tsx";
import { WalletFigures } from "../ui/wallet-figures.tsx";

type Customer = Api["Customer"];

const TABS = ["entries", "jobs", "keys"] as const;

/** A customer as an operator sees it: the wallet first, then who it is. */
export function CustomerPage({ id }: { readonly id: string }): JSX.Element {
  const path = `/customers/${encodeURIComponent(id)}`;
  const customer = useAnswer<Customer>(path, 5_000);
  const wallet = useAnswer<Api["Wallet"]>(`${path}/wallet`);
  const tab = TABS.find((one) => one === query.value.get("tab")) ?? "entries";
  const { data } = customer;
  return (
    <Page
      title={data ? data.name : "Customer"}
      heading={
        data ? (
          <>
            <Text value={data.name} />
            {data.active ? null : <Badge kind="warn">inactive</Badge>}
            {wallet.data?.frozen_at ? <Badge kind="bad">wallet frozen</Badge> : null}
          </>
        ) : (
          "Customer"
        )
      }
      actions={
        <>
          {wallet.data && may("move money") ? (
            <WalletActions wallet={wallet.data} reload={wallet.reload} />
          ) : null}
          {data && may("administer") ? (
            <button type="button" onClick={() => changeCustomer(data, customer.reload)}>
              Change
            </button>
          ) : null}
        </>
      }
    >
      <Answered answer={customer}>
        {(known) => (
          <>
            <Answered answer={wallet}>{(money) => <WalletFigures wallet={money} />}</Answered>
            <Card title="Who it is">
              <Facts
                facts={[
                  ["Id", <CopyId id={known.id} />],
                  ["E-mail", <Text value={known.email} />],
                  ["Share of slots", known.weight],
                  ["Runs at once", known.running_limit ?? "no limit"],
                  ["Since", <Time time={known.created_at} />],
                ]}
              />
            </Card>
            <Tabs
              label="About this customer"
              tabs={[
                { label: "Ledger", name: "entries" },
                { label: "Jobs", name: "jobs" },
                { label: "Keys", name: "keys" },
              ].map(({ label, name }) => ({
                label,
                href: withQuery({ tab: name === "entries" ? undefined : name, cursor: undefined }),
                isCurrent: tab === name,
              }))}
            />
            {tab === "entries" ? <WalletEntries customer_id={id} currency={known.currency} /> : null}
            {tab === "jobs" ? <NewestJobs customer_id={id} /> : null}
            {tab === "keys" ? <KeyList customer_id={id} mayCreate={may("administer")} /> : null}
          </>
        )}
      </Answered>
    </Page>
  );
}

function NewestJobs({ customer_id }: { readonly customer_id: string }): JSX.Element {
  const answer = useAnswer<Api["JobPage"]>(apiPath("/jobs", { customer_id, limit: 20 }), undefined, OF_JOBS);
  return (
    <>
      <Answered answer={answer}>
        {({ data }) => <JobTable rows={data} withCustomer={false} empty="No jobs yet." />}
      </Answered>
      <p>
        <a href={pageUrl("/jobs", { customer_id })}>All jobs of this customer</a>
      </p>
    </>
  );
}

function changeCustomer(customer: Customer, reload: () => void): void {
  openForm({
    title: "Change the customer",
    explain: <p>An inactive customer can read, but cannot submit jobs.</p>,
    fields: [
      { name: "name", label: "Name", value: customer.name, isRequired: true },
      { name: "email", label: "E-mail", kind: "email", value: customer.email, isRequired: true },
      {
        name: "active",
        label: "State",
        kind: "select",
        value: String(customer.active),
        options: [
          { value: "true", label: "Active" },
          { value: "false", label: "Inactive" },
        ],
      },
      {
        name: "weight",
        label: "Share of the slots",
        kind: "number",
        value: String(customer.weight),
        isRequired: true,
      },
      {
        name: "running_limit",
        label: "Jobs that may run at once",
        kind: "number",
        value: String(customer.running_limit ?? ""),
        hint: "Empty: no limit.",
      },
    ],
    submit: "Change",
    run: async ({ name, email, active, weight, running_limit }) => {
      await ask(`/customers/${customer.id}`, {
        method: "PATCH",
        body: {
          name,
          email,
          active: active === "true",
          weight: Number(weight),
          running_limit: running_limit ? Number(running_limit) : null,
        },
      });
      reload();
      return "Changed";
    },
  });
}
