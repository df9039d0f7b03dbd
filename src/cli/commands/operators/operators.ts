import { Option, type Command } from "commander";
import { z } from "zod";
import { newId } from "../../../core/lib/new-id.ts";
import { createOperatorKey } from "../../../core/model/api-key.ts";
import { OPERATOR_ROLES, operatorNotFound, type Operator } from "../../../core/model/operator.ts";
import { platformAction, withExamples, type CliRun } from "../../terminal/command.ts";
import { formatDetails, formatTime, formatYesNo, type Column } from "../../terminal/format.ts";
import { addOperatorLog } from "./operator-log.ts";
import { Flag, Id, LIMIT_OPTION, ListLimit, Name } from "../../terminal/options.ts";

const ROLE_OPTION = "viewer (reads), operator (runs jobs and the queue), finance (moves money) or admin";
const Role = z.enum(OPERATOR_ROLES);

const COLUMNS: readonly Column<Operator>[] = [
  { title: "ID", cell: (row) => row.id },
  { title: "NAME", cell: (row) => row.name },
  { title: "ROLE", cell: (row) => row.role },
  { title: "ACTIVE", cell: (row) => formatYesNo(row.active) },
  { title: "PREFIX", cell: (row) => row.prefix },
  { title: "LAST USED", cell: (row) => formatTime(row.last_used_at) },
  { title: "REVOKED", cell: (row) => formatTime(row.revoked_at) },
];

/** Registers `iep operators` and its commands. */
export function addOperatorCommands(program: Command, run: CliRun): void {
  const operators = program.command("operators");
  withExamples(
    operators,
    'iep operators create --name "Grace Hopper" --role finance',
    "iep operators update <id> --inactive",
  );
  addReading(operators, run);
  addCreating(operators, run);
  addChanging(operators, run);
  addOperatorLog(operators, run);
}

function addReading(operators: Command, run: CliRun): void {
  const { terminal } = run;
  withExamples(operators.command("list"), "iep operators list")
    .description("List operators, newest first, without their keys")
    .option(...LIMIT_OPTION)
    .action(
      platformAction(run, z.object({ limit: ListLimit }), async (platform, { limit }) => {
        const empty = "No operators yet. Create one: iep operators create --name … --role …";
        await terminal.printList(await platform.operators.list({ limit }), COLUMNS, { limit, empty });
      }),
    );
}

function addCreating(operators: Command, run: CliRun): void {
  const { terminal } = run;
  withExamples(operators.command("create"), 'iep operators create --name "Grace Hopper" --role finance')
    .description("Create an operator and print its key. It cannot be printed again: only its hash is stored")
    .option("--name <text>", "name that stands in entries and in the log of actions (required)")
    .option("--role <role>", `${ROLE_OPTION} (required)`)
    .action(
      platformAction(run, z.object({ name: Name, role: Role }), async (platform, { name, role }) => {
        const { api_key, ...stored } = createOperatorKey();
        const operator = await platform.operators.create({ id: newId(), name, role, ...stored });
        await terminal.print({ ...operator, api_key }, () => api_key);
        await terminal.say(`Store the key now: it is not shown again. The operator's id is ${operator.id}.`);
      }),
    );
}

function addChanging(operators: Command, run: CliRun): void {
  const { terminal } = run;
  withExamples(
    operators.command("update"),
    "iep operators update <id> --role viewer",
    "iep operators update <id> --inactive",
  )
    .description("Change the role of an operator, or keep one out for a while")
    .argument("<id>", "id of the operator")
    .option("--role <role>", ROLE_OPTION)
    .option("--active", "let the operator in again")
    .addOption(new Option("--inactive", "refuse the operator's key and end its sessions").conflicts("active"))
    .action(
      platformAction(
        run,
        z
          .object({ id: Id, role: Role.optional(), active: Flag, inactive: Flag })
          .refine(
            ({ role, active, inactive }) => role !== undefined || active || inactive,
            "nothing to change: set --role, --active or --inactive",
          ),
        async (platform, { id, role, active, inactive }) => {
          const changes = { role, active: active || inactive ? active : undefined };
          const operator = await platform.operators.update(id, changes);
          if (!operator) throw operatorNotFound(id);
          await terminal.print(operator, () => formatOperator(operator));
        },
      ),
    );

  withExamples(operators.command("revoke"), "iep operators revoke <id>")
    .description("Revoke the key of an operator for good, and end its sessions")
    .argument("<id>", "id of the operator")
    .action(
      platformAction(run, z.object({ id: Id }), async (platform, { id }) => {
        if (!(await platform.operators.revoke(id))) throw operatorNotFound(id);
        await terminal.print({ id, revoked: true }, () => `revoked ${id}`);
      }),
    );
}

function formatOperator(operator: Operator): string {
  return formatDetails([
    ["id", operator.id],
    ["name", operator.name],
    ["role", operator.role],
    ["active", formatYesNo(operator.active)],
    ["prefix", operator.prefix],
    ["created", formatTime(operator.created_at)],
    ["last used", formatTime(operator.last_used_at)],
  ]);
}
