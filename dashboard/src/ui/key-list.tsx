import type { JSX } from "preact";
import type { Api } from "../api-types.gen.ts";
import { ask, post } from "../lib/http.ts";
import { now } from "../lib/time.ts";
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
              { name: "May", cell: ({ scopes }) => scopesInWords(scopes) },
              { name: "Created", cell: ({ created_at }) => <Time time={created_at} /> },
              {
                name: "Last used",
                cell: ({ last_used_at }) => (last_used_at ? <Time time={last_used_at} /> : "never"),
              },
              {
                name: "Expires",
                cell: ({ expires_at }) => (expires_at ? <Time time={expires_at} /> : "never"),
              },
              {
                name: "State",
                cell: (key) => (
                  <KeyState keyRow={key} path={path} mayChange={props.mayCreate} reload={answer.reload} />
                ),
              },
            ]}
          />
        )}
      </Answered>
    </>
  );
}

interface KeyStateProps {
  readonly keyRow: ApiKey;
  readonly path: string;
  readonly mayChange: boolean;
  readonly reload: () => void;
}

/** What can be done with a key, or why nothing can be done with it any more. */
function KeyState({ keyRow: key, path, mayChange, reload }: KeyStateProps): JSX.Element | null {
  if (key.revoked_at) return <Badge kind="grey">revoked</Badge>;
  if (key.expires_at && Date.parse(key.expires_at) <= now.value) return <Badge kind="grey">expired</Badge>;
  if (!mayChange) return null;
  return (
    <div class="actions">
      <button type="button" class="small" onClick={() => rollKey(path, key, reload)}>
        Roll
      </button>
      <button type="button" class="small" onClick={() => revokeKey(path, key, reload)}>
        Revoke
      </button>
    </div>
  );
}

type Scope = ApiKey["scopes"][number];

const WORDS: Readonly<Record<Scope, string>> = {
  "jobs:write": "submit jobs",
  "jobs:read": "read jobs",
  "wallet:read": "read the wallet",
};
const SCOPES: readonly Scope[] = ["jobs:write", "jobs:read", "wallet:read"];

function scopesInWords(scopes: readonly Scope[]): string {
  if (scopes.length === SCOPES.length) return "everything";
  return SCOPES.filter((scope) => scopes.includes(scope))
    .map((scope) => WORDS[scope])
    .join(", ");
}

/** Every choice of some scopes, that of all of them first. */
const CHOICES: readonly { readonly value: string; readonly label: string }[] = [7, 3, 1, 2, 4, 6, 5]
  .map((bits) => SCOPES.filter((_, n) => (bits >> n) % 2 === 1))
  .map((scopes) => ({ value: scopes.join(" "), label: scopesInWords(scopes) }));

const EXPIRES = {
  name: "expires_at",
  label: "Expires",
  kind: "datetime-local",
  hint: "In your time zone. Empty: never, or with the key that you signed in with.",
} as const;

/** What the input of a time has, in UTC; undefined when it is empty. */
function utcOf(local: string | undefined): string | undefined {
  return local ? new Date(local).toISOString() : undefined;
}

function createKey(path: string, reload: () => void): void {
  openForm({
    title: "New API key",
    explain: <p>It is shown once. Only a key that may do everything manages keys.</p>,
    fields: [
      { name: "name", label: "Name", hint: "Tells it from the others: production, laptop …" },
      { name: "scopes", label: "May", kind: "select", value: SCOPES.join(" "), options: CHOICES },
      EXPIRES,
    ],
    submit: "Create",
    run: async ({ name, scopes = "", expires_at }) => {
      const { api_key } = await post<Api["CreatedApiKey"]>(path, {
        ...(name ? { name } : {}),
        scopes: scopes.split(" "),
        ...(expires_at ? { expires_at: utcOf(expires_at) } : {}),
      });
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

/** How long the old key may stay valid. */
const OVERLAPS = [
  { value: "3600", label: "1 hour" },
  { value: "86400", label: "1 day" },
  { value: "604800", label: "7 days" },
  { value: "2592000", label: "30 days" },
  { value: "0", label: "not at all" },
];

function rollKey(path: string, key: ApiKey, reload: () => void): void {
  openForm({
    title: "Replace this key?",
    explain: (
      <p>
        The new key may do what <code>{key.prefix}…</code> may, and is shown once. The old one stays valid for
        a while, so that every program can change over.
      </p>
    ),
    fields: [
      {
        name: "overlap_seconds",
        label: "The old key stays valid for",
        kind: "select",
        value: "86400",
        options: OVERLAPS,
      },
      {
        ...EXPIRES,
        label: "The new key expires",
        hint: "In your time zone. Empty: when the old one would have.",
      },
    ],
    submit: "Replace",
    run: async ({ overlap_seconds, expires_at }) => {
      const { api_key } = await post<Api["RolledApiKey"]>(`${path}/${key.id}/roll`, {
        overlap_seconds: Number(overlap_seconds),
        ...(expires_at ? { expires_at: utcOf(expires_at) } : {}),
      });
      reload();
      // After this dialog has closed.
      queueMicrotask(() => showKey(api_key));
      return undefined;
    },
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
