import type { Command } from "commander";
import { newId } from "../../../core/lib/new-id.ts";
import { z } from "zod";
import { customerNotFound } from "../../../core/model/not-found.ts";
import { createApiKey, SCOPES, type Scope } from "../../../core/model/api-key.ts";
import type { ApiKey } from "../../../core/model/customer.ts";
import { PlatformError } from "../../../core/lib/errors.ts";
import { KEY_OVERLAP_DEFAULT_SECONDS } from "../../../core/model/limits.ts";
import { platformAction, withExamples, type CliRun } from "../../terminal/command.ts";
import { formatTime, type Column } from "../../terminal/format.ts";
import { Id, Name } from "../../terminal/options.ts";
import { KeyExpiry, KeyOverlap, KeyScopes, SCOPES_OPTION } from "./key-options.ts";

const COLUMNS: readonly Column<ApiKey>[] = [
  { title: "ID", cell: (row) => row.id },
  { title: "NAME", cell: (row) => row.name ?? "-" },
  { title: "PREFIX", cell: (row) => row.prefix },
  { title: "MAY", cell: (row) => formatScopes(row.scopes) },
  { title: "CREATED", cell: (row) => formatTime(row.created_at) },
  {
    title: "EXPIRES",
    cell: (row) => formatTime(row.expires_at),
    used: (row) => row.expires_at !== null,
  },
  { title: "LAST USED", cell: (row) => formatTime(row.last_used_at) },
  { title: "REVOKED", cell: (row) => formatTime(row.revoked_at) },
];

export function addApiKeyCommands(customers: Command, run: CliRun): void {
  const { terminal } = run;
  const keys = customers.command("keys").description("Manage the API keys of a customer");
  withExamples(
    keys,
    "iep customers keys create <customer-id> --name production",
    "iep customers keys create <customer-id> --name reports --scopes jobs:read,wallet:read --expires 90d",
    "iep customers keys roll <customer-id> <key-id> --overlap 12h",
    "iep customers keys list <customer-id>",
  );

  withExamples(
    keys.command("create"),
    "iep customers keys create <customer-id> --name production",
    "iep customers keys create <customer-id> --name reports --scopes jobs:read,wallet:read --expires 90d",
  )
    .description("Create a key and print it. It cannot be printed again: only its hash is stored")
    .argument("<customer-id>")
    .option("--name <text>", "name of the key, to tell keys apart")
    .option(...SCOPES_OPTION)
    .option("--expires <when>", "a time, or how long from now: 12h, 90d (default: never)")
    .action(
      platformAction(
        run,
        z.object({
          customerId: Id,
          name: Name.optional(),
          scopes: KeyScopes.optional(),
          expires: KeyExpiry.optional(),
        }),
        async (platform, { customerId: customer_id, name = null, scopes, expires: expires_at }) => {
          const { api_key, ...stored } = createApiKey();
          const key = await platform.customers.addApiKey({
            ...stored,
            id: newId(),
            customer_id,
            name,
            scopes,
            expires_at,
          });
          await terminal.print({ id: key.id, api_key }, () => api_key);
          await terminal.say(`Store the key now: it is not shown again. Its id is ${key.id}.`);
        },
      ),
    );

  withExamples(
    keys.command("roll"),
    "iep customers keys roll <customer-id> <key-id>",
    "iep customers keys roll <customer-id> <key-id> --overlap 0s --expires 90d",
  )
    .description(
      "Replace a key by a new one with its name and scopes, and print that. The old key ends after the overlap",
    )
    .argument("<customer-id>")
    .argument("<key-id>")
    .option("--overlap <length>", "how long the old key stays valid: 0s, 30m, 12h, 7d (default: 1d)")
    .option(
      "--expires <when>",
      "of the new key: a time, how long from now, or none (default: as the old one)",
    )
    .action(
      platformAction(
        run,
        z.object({
          customerId: Id,
          keyId: Id,
          overlap: KeyOverlap.default(KEY_OVERLAP_DEFAULT_SECONDS),
          expires: KeyExpiry.optional(),
        }),
        async (platform, { customerId: customer_id, keyId: replaces, overlap, expires }) => {
          const { api_key, ...stored } = createApiKey();
          const { key, replaced } = await platform.customers.rollApiKey({
            ...stored,
            id: newId(),
            customer_id,
            replaces,
            overlap_seconds: overlap,
            expires_at: expires ?? null,
            keepsExpiry: expires === undefined,
          });
          const { id, expires_at } = replaced;
          await terminal.print(
            { id: key.id, api_key, expires_at: key.expires_at, replaced: { id, expires_at } },
            () => api_key,
          );
          await terminal.say(
            `Store the key now: it is not shown again. Its id is ${key.id}. The old one is valid until ${formatTime(expires_at)}.`,
          );
        },
      ),
    );

  withExamples(keys.command("list"), "iep customers keys list <customer-id>")
    .description("List the keys of a customer, without the secrets")
    .argument("<customer-id>")
    .action(
      platformAction(run, z.object({ customerId: Id }), async (platform, { customerId }) => {
        if (!(await platform.customers.findById(customerId))) throw customerNotFound(customerId);
        const empty = `No keys yet. Create one: iep customers keys create ${customerId}`;
        await terminal.printList(await platform.customers.listApiKeys(customerId), COLUMNS, { empty });
      }),
    );

  withExamples(keys.command("revoke"), "iep customers keys revoke <customer-id> <key-id>")
    .description("Revoke a key for good")
    .argument("<customer-id>")
    .argument("<key-id>")
    .action(
      platformAction(
        run,
        z.object({ customerId: Id, keyId: Id }),
        async (platform, { customerId, keyId }) => {
          if (!(await platform.customers.revokeApiKey(customerId, keyId)))
            throw new PlatformError(
              "not_found",
              `Customer ${customerId} has no key ${keyId}. List its keys: iep customers keys list ${customerId}`,
            );
          await terminal.print({ id: keyId, revoked: true }, () => `revoked ${keyId}`);
        },
      ),
    );
}

function formatScopes(scopes: readonly Scope[]): string {
  return SCOPES.every((scope) => scopes.includes(scope)) ? "everything" : scopes.join(", ");
}
