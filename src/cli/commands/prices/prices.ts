import type { Command } from "commander";
import { z } from "zod";
import { PlatformError } from "../../../core/lib/errors.ts";
import type { PriceChange } from "../../../core/model/price.ts";
import { platformAction, withExamples, type CliRun } from "../../terminal/command.ts";
import { findJobType } from "../job-types/find-job-type.ts";
import { formatDetails, formatMoney, formatTime, type Column } from "../../terminal/format.ts";
import { CostCents, Id, LIMIT_OPTION, ListLimit } from "../../terminal/options.ts";

const COLUMNS: readonly Column<PriceChange>[] = [
  { title: "SINCE", cell: (row) => formatTime(row.valid_from) },
  { title: "CUSTOMER", cell: (row) => row.customer_id ?? "(standard)" },
  {
    title: "COST",
    cell: (row) =>
      row.cost_cents === null ? "standard again" : formatMoney(row.cost_cents, row.currency ?? undefined),
    right: true,
  },
];

const Type = z.string().min(1, "must not be empty");

export function addPriceCommands(jobTypes: Command, run: CliRun): void {
  addHistory(jobTypes, run);
  addCustomerPrice(jobTypes, run);
}

function addHistory(jobTypes: Command, run: CliRun): void {
  withExamples(
    jobTypes.command("prices"),
    "iep job-types prices Echo",
    "iep job-types prices <id> --limit 10",
  )
    .description("List all prices of a job type, newest first: standard costs and prices of single customers")
    .argument("<type>", "id or name of the job type")
    .option(...LIMIT_OPTION)
    .action(
      platformAction(run, z.object({ type: Type, limit: ListLimit }), async (platform, { type, limit }) => {
        const { id } = await findJobType(platform, type);
        const history = await platform.prices.history(id, { limit });
        // The id is the cursor of the API's pages and means nothing here.
        const rows = history.map(({ id: _cursor, ...change }) => change);
        await run.terminal.printList(rows, COLUMNS, { limit, empty: "No price has been set." });
      }),
    );
}

function addCustomerPrice(jobTypes: Command, run: CliRun): void {
  const { terminal } = run;
  withExamples(jobTypes.command("set-price"), "iep job-types set-price Echo --customer <id> --cost-cents 4")
    .description(
      "Set the price for one customer, from the next submission on. Jobs that were accepted keep their price",
    )
    .argument("<type>", "id or name of the job type")
    .option("--customer <id>", "id of the customer (required)")
    .option(
      "--cost-cents <n>",
      "highest price of a job, in minor units of the currency of the customer's wallet (required)",
    )
    .action(
      platformAction(
        run,
        z.object({ type: Type, customer: Id, costCents: CostCents }),
        async (platform, { type, customer: customer_id, costCents: cost_cents }) => {
          const { id: job_type_id, name } = await findJobType(platform, type);
          const price = await platform.prices.setForCustomer({ job_type_id, customer_id, cost_cents });
          await terminal.print(price, () =>
            formatDetails([
              ["job type", name],
              ["customer", price.customer_id],
              ["cost", formatMoney(price.cost_cents, price.currency)],
              ["updated", formatTime(price.updated_at)],
            ]),
          );
        },
      ),
    );

  withExamples(jobTypes.command("end-price"), "iep job-types end-price Echo --customer <id>")
    .description(
      "End the price of one customer, who then pays the standard cost, from the next submission on",
    )
    .argument("<type>", "id or name of the job type")
    .option("--customer <id>", "id of the customer (required)")
    .action(
      platformAction(
        run,
        z.object({ type: Type, customer: Id }),
        async (platform, { type, customer: customer_id }) => {
          const { id: job_type_id, name, standard_cost_cents, currency } = await findJobType(platform, type);
          if (!(await platform.prices.endForCustomer(job_type_id, customer_id))) {
            throw new PlatformError(
              "not_found",
              `Customer ${customer_id} has no price of their own for job type ${name}.`,
            );
          }
          await terminal.print(
            { job_type_id, customer_id, ended: true },
            () =>
              `${customer_id} pays the standard cost of ${name} again: ${formatMoney(standard_cost_cents, currency)}`,
          );
        },
      ),
    );
}
