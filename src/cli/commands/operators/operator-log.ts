import type { Command } from "commander";
import { z } from "zod";
import type { OperatorAction } from "../../../core/model/operator-action.ts";
import { platformAction, withExamples, type CliRun } from "../../terminal/command.ts";
import { formatTime, type Column } from "../../terminal/format.ts";
import { LIMIT_OPTION, ListLimit, Name, Since } from "../../terminal/options.ts";

const COLUMNS: readonly Column<OperatorAction>[] = [
  { title: "AT", cell: (row) => formatTime(row.at) },
  { title: "OPERATOR", cell: (row) => row.operator_name },
  { title: "ACTION", cell: (row) => row.action },
  { title: "TARGET", cell: (row) => [row.target_type, row.target_id].filter(Boolean).join(" ") },
  { title: "ADDRESS", cell: (row) => row.address },
];

/** Registers `iep operators log`. */
export function addOperatorLog(operators: Command, run: CliRun): void {
  const { terminal } = run;
  withExamples(
    operators.command("log"),
    'iep operators log --name "Grace Hopper" --since 7d',
    "iep operators log --target <id> --json",
  )
    .description("List what operators did by the API, newest first. With --json also before and after")
    .option("--name <text>", "only what this operator did; admin is the admin key")
    .option("--action <name>", "only this operation, such as pauseQueue")
    .option("--target <id>", "only what was done to this customer, job, job type or operator")
    .option("--since <time>", "only from this time on, or from so long ago: 30m, 12h, 7d")
    .option(...LIMIT_OPTION)
    .action(
      platformAction(
        run,
        z.object({
          name: Name.optional(),
          action: Name.optional(),
          target: Name.optional(),
          since: Since.optional(),
          limit: ListLimit,
        }),
        async (platform, { name, action, target, since, limit }) => {
          const filter = { operator_name: name, action, target_id: target, from: since };
          await terminal.printList(await platform.operatorActions.list({ ...filter, limit }), COLUMNS, {
            limit,
            empty: "No such action of an operator is recorded.",
          });
        },
      ),
    );
}
