import type { Command } from "commander";
import { newId } from "../../../core/lib/new-id.ts";
import { z } from "zod";
import { customerNotFound } from "../../../core/model/not-found.ts";
import { createApiKey } from "../../../core/model/api-key.ts";
import type { ApiKey } from "../../../core/model/customer.ts";
import { PlatformError } from "../../../core/lib/errors.ts";
import { platformAction, withExamples, type CliRun } from "../../terminal/command.ts";
import { formatTime, type Column } from "../../terminal/format.ts";
import { Id, Name } from "../../terminal/options.ts";

const COLUMNS: readonly Column<ApiKey>[] = [
  { title: "ID", cell: (row) => row.id },
  { title: "NAME", cell: (row) => row.name ?? "-" },
  { title: "PREFIX", cell: (row) => row.prefix },
  { title: "CREATED", cell: (row) => formatTime(row.created_at) },
  { title: "LAST USED", cell: (row) => formatTime(row.last_used_at) },
  { title: "REVOKED", cell: (row) => formatTime(row.revoked_at) },
];

export function addApiKeyCommands(customers: Command, run: CliRun): void {
  const { terminal } = run;
  const keys = customers.command("keys").description("Manage the API keys of a customer");
  withExamples(
    keys,
    "iep customers keys create <customer-id> --name production",
    "iep customers keys list <customer-id>",
  );

  withExamples(keys.command("create"), "iep customers keys create <customer-id> --name production")
    .description("Create a key and print it. It cannot be printed again: only its hash is stored")
    .argument("<customer-id>")
    .option("--name <text>", "name of the key, to tell keys apart")
    .action(
      platformAction(run, z.object({ customerId: Id, name: Name.optional() }), async (platform, values) => {
        const { api_key, ...stored } = createApiKey();
        const { customerId: customer_id, name = null } = values;
        const key = await platform.customers.addApiKey({ id: newId(), customer_id, name, ...stored });
        await terminal.print({ id: key.id, api_key }, () => api_key);
        await terminal.say(`Store the key now: it is not shown again. Its id is ${key.id}.`);
      }),
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
