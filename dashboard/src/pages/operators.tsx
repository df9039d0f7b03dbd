import type { JSX } from "preact";
import type { Api } from "../api-types.gen.ts";
import { apiPath, ask, post } from "../lib/http.ts";
import { query } from "../lib/place.ts";
import { may } from "../lib/role.ts";
import { useAnswer } from "../lib/use-answer.ts";
import { openForm } from "../ui/form-dialog.tsx";
import { showKey } from "../ui/key-list.tsx";
import { Answered, Page } from "../ui/page.tsx";
import { Pager } from "../ui/pager.tsx";
import { Table } from "../ui/table.tsx";
import { Text } from "../ui/text.tsx";
import { Badge, Time } from "../ui/values.tsx";

type Operator = Api["Operator"];

const ROLES = [
  { value: "viewer", label: "viewer: reads" },
  { value: "operator", label: "operator: also runs jobs, the queue and runners" },
  { value: "finance", label: "finance: also moves money, changes wallets and prices" },
  { value: "admin", label: "admin: everything" },
] as const;

/** Who may act for the platform, and how far. */
export function OperatorsPage(): JSX.Element {
  const path = apiPath("/operators", { cursor: query.value.get("cursor") ?? undefined });
  const answer = useAnswer<Api["OperatorPage"]>(path, 5_000);
  const { reload } = answer;
  return (
    <Page
      title="Operators"
      actions={
        may("administer") ? (
          <button type="button" class="main" onClick={() => createOperator(reload)}>
            New operator
          </button>
        ) : null
      }
    >
      <Answered answer={answer}>
        {({ data, next_cursor }) => (
          <>
            <Table
              caption="Operators, newest first"
              rows={data}
              keyOf={({ id }) => id}
              empty="No operators yet: whoever has the admin key is one."
              columns={[
                { name: "Name", cell: ({ name }) => <Text value={name} /> },
                { name: "Role", cell: ({ role }) => role },
                { name: "Key begins with", cell: ({ prefix }) => <code>{prefix}</code> },
                {
                  name: "Last used",
                  cell: ({ last_used_at }) => (last_used_at ? <Time time={last_used_at} /> : "never"),
                },
                { name: "Since", cell: ({ created_at }) => <Time time={created_at} /> },
                {
                  name: "State",
                  cell: ({ active, revoked_at }) =>
                    revoked_at ? (
                      <Badge kind="grey">revoked</Badge>
                    ) : active ? (
                      <span class="quiet">active</span>
                    ) : (
                      <Badge kind="warn">inactive</Badge>
                    ),
                },
                {
                  name: "Change",
                  cell: (operator) =>
                    may("administer") && !operator.revoked_at ? (
                      <>
                        <button type="button" class="small" onClick={() => changeOperator(operator, reload)}>
                          Change
                        </button>{" "}
                        <button type="button" class="small" onClick={() => revokeOperator(operator, reload)}>
                          Revoke
                        </button>
                      </>
                    ) : (
                      "–"
                    ),
                },
              ]}
            />
            <Pager next={next_cursor} />
          </>
        )}
      </Answered>
    </Page>
  );
}

function createOperator(reload: () => void): void {
  openForm({
    title: "New operator",
    explain: <p>The name stands in everything that this operator does. The key is shown once.</p>,
    fields: [
      { name: "name", label: "Name", isRequired: true },
      { name: "role", label: "Role", kind: "select", value: "viewer", options: ROLES },
    ],
    submit: "Create",
    run: async ({ name, role }) => {
      const { api_key } = await post<Api["CreatedOperator"]>("/operators", { name, role });
      reload();
      queueMicrotask(() => showKey(api_key));
      return undefined;
    },
  });
}

function changeOperator(operator: Operator, reload: () => void): void {
  openForm({
    title: "Change the operator",
    explain: <Text value={operator.name} />,
    fields: [
      { name: "role", label: "Role", kind: "select", value: operator.role, options: ROLES },
      {
        name: "active",
        label: "State",
        kind: "select",
        value: String(operator.active),
        options: [
          { value: "true", label: "Active" },
          { value: "false", label: "Inactive: the key is refused" },
        ],
      },
    ],
    submit: "Change",
    run: async ({ role, active }) => {
      await ask(`/operators/${operator.id}`, { method: "PATCH", body: { role, active: active === "true" } });
      reload();
      return "Changed";
    },
  });
}

function revokeOperator(operator: Operator, reload: () => void): void {
  openForm({
    title: "Revoke the key of this operator?",
    explain: (
      <p>
        <Text value={operator.name} /> cannot come in any more, and open sessions end. It cannot be brought
        back.
      </p>
    ),
    submit: "Revoke",
    isDanger: true,
    run: async () => {
      await ask(`/operators/${operator.id}`, { method: "DELETE" });
      reload();
      return "Revoked";
    },
  });
}
