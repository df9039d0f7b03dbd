import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { Api } from "../api-types.gen.ts";
import { apiPath, post } from "../lib/http.ts";
import { go, pageUrl, query, withQuery } from "../lib/place.ts";
import { may } from "../lib/role.ts";
import { useAnswer } from "../lib/use-answer.ts";
import { openForm } from "../ui/form-dialog.tsx";
import { Answered, Page } from "../ui/page.tsx";
import { Pager } from "../ui/pager.tsx";
import { Table } from "../ui/table.tsx";
import { Text } from "../ui/text.tsx";
import { Badge, CustomerLink, shortId, Time } from "../ui/values.tsx";

type Customer = Api["Customer"];

export function CustomersPage(): JSX.Element {
  const email = query.value.get("email") ?? undefined;
  const answer = useAnswer<Api["CustomerPage"]>(
    apiPath("/customers", { email, cursor: query.value.get("cursor") ?? undefined }),
    5_000,
  );
  return (
    <Page
      title="Customers"
      actions={
        may("administer") ? (
          <button type="button" class="main" onClick={createCustomer}>
            New customer
          </button>
        ) : null
      }
    >
      <EmailFilter email={email ?? ""} />
      <Answered answer={answer}>
        {({ data, next_cursor }) => (
          <>
            <Table
              caption="Customers, newest first"
              rows={data}
              keyOf={({ id }) => id}
              empty={email ? "No customer has this address." : "No customers yet."}
              columns={[
                { name: "Name", cell: ({ id }) => <CustomerLink id={id} /> },
                { name: "Id", cell: ({ id }) => <code title={id}>{shortId(id)}</code> },
                { name: "E-mail", cell: (customer) => <Text value={customer.email} /> },
                { name: "Currency", cell: ({ currency }) => currency },
                {
                  name: "State",
                  cell: ({ active }) =>
                    active ? <span class="quiet">active</span> : <Badge kind="warn">inactive</Badge>,
                },
                { name: "Share", isFigure: true, cell: ({ weight }) => weight },
                {
                  name: "Runs at once",
                  isFigure: true,
                  cell: ({ running_limit }) => running_limit ?? "no limit",
                },
                { name: "Since", cell: ({ created_at }) => <Time time={created_at} /> },
                { name: "Jobs", cell: ({ id }) => <a href={pageUrl("/jobs", { customer_id: id })}>Show</a> },
              ]}
            />
            <Pager next={next_cursor} />
          </>
        )}
      </Answered>
    </Page>
  );
}

function EmailFilter({ email }: { readonly email: string }): JSX.Element {
  const [text, setText] = useState(email);
  const apply = (event: Event): void => {
    event.preventDefault();
    go(withQuery({ email: text.trim(), cursor: undefined }));
  };
  return (
    <form class="filters" role="search" onSubmit={apply}>
      <input
        data-search
        type="search"
        aria-label="Only customers with this e-mail address"
        placeholder="E-mail address, then Enter"
        value={text}
        onInput={(event) => setText(event.currentTarget.value)}
      />
    </form>
  );
}

function createCustomer(): void {
  openForm({
    title: "New customer",
    explain: <p>The wallet exists from then on, empty. Its currency cannot be changed later.</p>,
    fields: [
      { name: "name", label: "Name", isRequired: true },
      { name: "email", label: "E-mail", kind: "email", isRequired: true },
      {
        name: "currency",
        label: "Currency",
        value: "EUR",
        isRequired: true,
        hint: "ISO 4217: EUR, USD, JPY …",
      },
    ],
    submit: "Create",
    run: async (values) => {
      const { id } = await post<Customer>("/customers", values);
      go(pageUrl(`/customers/${id}`));
      return "Customer created";
    },
  });
}
