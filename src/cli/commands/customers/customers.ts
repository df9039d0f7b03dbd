import { Option, type Command } from "commander";
import { newId } from "../../../core/lib/new-id.ts";
import { z } from "zod";
import { customerNotFound } from "../../../core/model/not-found.ts";
import { WEIGHT_DEFAULT, type Customer } from "../../../core/model/customer.ts";
import { DEFAULT_CURRENCY } from "../../../core/model/currency.ts";
import { WEIGHT_MAX } from "../../../core/model/limits.ts";
import { platformAction, withExamples, type CliRun } from "../../terminal/command.ts";
import { formatDetails, formatTime, formatYesNo, type Column } from "../../terminal/format.ts";
import {
  Currency,
  Email,
  Flag,
  Id,
  LIMIT_OPTION,
  ListLimit,
  Name,
  RunningLimit,
  WaitingLimit,
  Weight,
} from "../../terminal/options.ts";
import { RUNNING_LIMIT_COLUMN, RUNNING_LIMIT_OPTION } from "../../terminal/running-limit.ts";
import { addErase } from "./erase.ts";
import { findCustomer } from "./find-customer.ts";
import { addUsage } from "./usage.ts";
import { addApiKeyCommands } from "../api-keys/api-keys.ts";

const IdOrEmail = z.union([Id, Email], "must be a UUID or an e-mail address");

const COLUMNS: readonly Column<Customer>[] = [
  { title: "ID", cell: (row) => row.id },
  { title: "NAME", cell: (row) => row.name },
  { title: "EMAIL", cell: (row) => row.email },
  { title: "CURRENCY", cell: (row) => row.currency },
  { title: "ACTIVE", cell: (row) => formatYesNo(row.active) },
  { title: "WEIGHT", cell: (row) => row.weight, right: true, used: (row) => row.weight !== WEIGHT_DEFAULT },
  RUNNING_LIMIT_COLUMN,
  {
    title: "WAITING LIMIT",
    cell: (row) => row.waiting_limit ?? "none",
    right: true,
    used: (row) => row.waiting_limit !== null,
  },
  { title: "CREATED", cell: (row) => formatTime(row.created_at) },
];

const WEIGHT_OPTION = [
  "--weight <n>",
  `share of the slots compared with other customers that wait, up to ${WEIGHT_MAX}; at first ${WEIGHT_DEFAULT}`,
] as const;

const WAITING_LIMIT_OPTION = [
  "--waiting-limit <n|none>",
  "how many of its jobs may wait; one more is refused with queue_full",
] as const;

/** How many customers with the same e-mail address are looked up, the new one among them. */
const TWINS_NAMED_MAX = 4;

export function addCustomerCommands(program: Command, run: CliRun): void {
  const customers = program.command("customers");
  withExamples(
    customers,
    "iep customers create --name Ada --email ada@example.com",
    "iep customers keys create <customer-id> --name production",
    "iep customers update <id> --inactive",
    "iep customers update <id> --weight 3 --running-limit 20",
    "iep customers erase <id>",
  );
  addReading(customers, run);
  addCreate(customers, run);
  addUpdate(customers, run);
  addErase(customers, run);
  addUsage(customers, run);
  addApiKeyCommands(customers, run);
}

function addReading(customers: Command, run: CliRun): void {
  const { terminal } = run;
  withExamples(
    customers.command("list"),
    "iep customers list --limit 10",
    "iep customers list --email ada@example.com",
  )
    .description("List the newest customers")
    .option("--email <address>", "only customers with this e-mail address, in upper or lower case")
    .option(...LIMIT_OPTION)
    .action(
      platformAction(
        run,
        z.object({ limit: ListLimit, email: Email.optional() }),
        async (platform, { limit, email }) => {
          const empty =
            email === undefined
              ? "No customers yet. Create one: iep customers create --name … --email …"
              : `No customer has the e-mail address ${email}.`;
          await terminal.printList(await platform.customers.list({ limit, email }), COLUMNS, {
            limit,
            empty,
          });
        },
      ),
    );

  withExamples(customers.command("show"), "iep customers show <id>", "iep customers show ada@example.com")
    .description("Show a customer")
    .argument("<id>", "id or e-mail address of the customer")
    .action(
      platformAction(run, z.object({ id: IdOrEmail }), async (platform, { id: which }) => {
        const customer = await findCustomer(platform, which);
        await terminal.print(customer, () => formatCustomer(customer));
      }),
    );
}

function addCreate(customers: Command, run: CliRun): void {
  const { terminal } = run;
  withExamples(
    customers.command("create"),
    "iep customers create --name Ada --email ada@example.com",
    "iep customers create --name Ada --email ada@example.com --currency USD",
  )
    .description("Create a customer with an empty wallet")
    .option("--name <text>", "name of the customer (required)")
    .option("--email <address>", "e-mail address of the customer (required)")
    .option(
      "--currency <code>",
      `currency of the wallet, which cannot be changed later (default: ${DEFAULT_CURRENCY})`,
    )
    .option(...WEIGHT_OPTION)
    .option(...RUNNING_LIMIT_OPTION)
    .option(...WAITING_LIMIT_OPTION)
    .action(
      platformAction(
        run,
        z.object({
          name: Name,
          email: Email,
          currency: Currency.default(DEFAULT_CURRENCY),
          weight: Weight.optional(),
          runningLimit: RunningLimit.optional(),
          waitingLimit: WaitingLimit.optional(),
        }),
        async (platform, { runningLimit: running_limit, waitingLimit: waiting_limit, ...fields }) => {
          const limits = { running_limit, waiting_limit };
          const customer = await platform.customers.create({ id: newId(), ...fields, ...limits });
          await terminal.print(customer, () => formatCustomer(customer));
          const twins = await platform.customers.list({ limit: TWINS_NAMED_MAX, email: fields.email });
          const others = twins.filter(({ id }) => id !== customer.id).map(({ id }) => id);
          if (others.length > 0)
            await terminal.say(
              `Another customer has this e-mail address: ${others.join(", ")}. List them: iep customers list --email ${fields.email}`,
            );
          await terminal.say(`Create an API key: iep customers keys create ${customer.id}`);
        },
      ),
    );
}

function addUpdate(customers: Command, run: CliRun): void {
  withExamples(
    customers.command("update"),
    "iep customers update <id> --inactive",
    "iep customers update <id> --name Ada",
    "iep customers update <id> --weight 3 --running-limit 20",
    "iep customers update <id> --running-limit none",
    "iep customers update <id> --waiting-limit 10000",
  )
    .description("Update a customer. An inactive customer can read but cannot submit jobs")
    .argument("<id>", "id of the customer")
    .option("--name <text>", "new name")
    .option("--email <address>", "new e-mail address")
    .option("--active", "allow the customer to submit jobs")
    .addOption(new Option("--inactive", "stop the customer from submitting jobs").conflicts("active"))
    .option(...WEIGHT_OPTION)
    .option(...RUNNING_LIMIT_OPTION)
    .option(...WAITING_LIMIT_OPTION)
    .action(
      platformAction(
        run,
        z
          .object({
            id: Id,
            name: Name.optional(),
            email: Email.optional(),
            active: Flag,
            inactive: Flag,
            weight: Weight.optional(),
            runningLimit: RunningLimit.optional(),
            waitingLimit: WaitingLimit.optional(),
          })
          .refine(
            ({ id: _id, active, inactive, ...changes }) =>
              active || inactive || Object.values(changes).some((change) => change !== undefined),
            "nothing to change: set --name, --email, --active, --inactive, --weight, --running-limit or --waiting-limit",
          ),
        async (platform, { id, active, inactive, runningLimit, waitingLimit, ...fields }) => {
          const changes = {
            ...fields,
            running_limit: runningLimit,
            waiting_limit: waitingLimit,
            active: active || inactive ? active : undefined,
          };
          const customer = existing(id, await platform.customers.update(id, changes));
          await run.terminal.print(customer, () => formatCustomer(customer));
        },
      ),
    );
}

function formatCustomer(customer: Customer): string {
  return formatDetails([
    ["id", customer.id],
    ["name", customer.name],
    ["email", customer.email],
    ["currency", customer.currency],
    ["active", formatYesNo(customer.active)],
    ["weight", customer.weight],
    ["running limit", customer.running_limit ?? "none"],
    ["waiting limit", customer.waiting_limit ?? "none"],
    ["created", formatTime(customer.created_at)],
    ["updated", formatTime(customer.updated_at)],
    ...(customer.erased_at === null ? [] : [["erased", formatTime(customer.erased_at)] as const]),
  ]);
}

function existing(id: string, customer: Customer | undefined): Customer {
  if (!customer) throw customerNotFound(id);
  return customer;
}
