import type { JSX } from "preact";
import type { Api } from "../api-types.gen.ts";
import { ask, post } from "../lib/http.ts";
import { useAnswer } from "../lib/use-answer.ts";
import { CopyId } from "./copy-id.tsx";
import { openForm } from "./form-dialog.tsx";
import { Answered } from "./page.tsx";
import { Table } from "./table.tsx";
import { Text } from "./text.tsx";
import { Badge, Time } from "./values.tsx";

type ApiKey = Api["ApiKey"];

/** The keys of a customer: what they begin with, never what they are. */
export function KeyList(props: { readonly customer_id: string; readonly mayCreate: boolean }): JSX.Element {
  const path = `/customers/${props.customer_id}/api-keys`;
  const answer = useAnswer<Api["ApiKeyPage"]>(`${path}?limit=200`, 5_000);
  return (
    <>
      {props.mayCreate ? (
        <div class="actions">
          <button type="button" class="main" onClick={() => createKey(path, answer.reload)}>
            New key
          </button>
        </div>
      ) : null}
      <Answered answer={answer}>
        {({ data }) => (
          <Table
            caption="API keys, newest first"
            rows={data}
            keyOf={({ id }) => id}
            empty="No keys yet."
            columns={[
              { name: "Name", cell: ({ name }) => (name === null ? "–" : <Text value={name} />) },
              { name: "Begins with", cell: ({ prefix }) => <code>{prefix}</code> },
              { name: "Created", cell: ({ created_at }) => <Time time={created_at} /> },
              {
                name: "Last used",
                cell: ({ last_used_at }) => (last_used_at ? <Time time={last_used_at} /> : "never"),
              },
              {
                name: "State",
                cell: (key) =>
                  key.revoked_at ? (
                    <Badge kind="grey">revoked</Badge>
                  ) : props.mayCreate ? (
                    <button type="button" class="small" onClick={() => revokeKey(path, key, answer.reload)}>
                      Revoke
                    </button>
                  ) : null,
              },
            ]}
          />
        )}
      </Answered>
    </>
  );
}

function createKey(path: string, reload: () => void): void {
  openForm({
    title: "New API key",
    explain: <p>It can do all that this customer may. It is shown once.</p>,
    fields: [{ name: "name", label: "Name", hint: "Tells it from the others: production, laptop …" }],
    submit: "Create",
    run: async ({ name }) => {
      const { api_key } = await post<Api["CreatedApiKey"]>(path, name ? { name } : {});
      reload();
      // After this dialog has closed.
      queueMicrotask(() => showKey(api_key));
      return undefined;
    },
  });
}

/** Shows a new key, which nobody can show again. */
export function showKey(api_key: string): void {
  openForm({
    title: "The new key",
    explain: (
      <>
        <p>Copy it now: the platform keeps only its hash, and nobody can show it again.</p>
        <p>
          <CopyId id={api_key} />
        </p>
      </>
    ),
    submit: "I have it",
    run: () => Promise.resolve(undefined),
  });
}

function revokeKey(path: string, key: ApiKey, reload: () => void): void {
  openForm({
    title: "Revoke this key?",
    explain: (
      <p>
        <code>{key.prefix}…</code> stops working within a second, and its sessions end. It cannot be brought
        back.
      </p>
    ),
    submit: "Revoke",
    isDanger: true,
    run: async () => {
      await ask(`${path}/${key.id}`, { method: "DELETE" });
      reload();
      return "Key revoked";
    },
  });
}
