import type { Command } from "commander";
import { z } from "zod";
import { PlatformError } from "../../../core/lib/errors.ts";
import type { PriceChange } from "../../../core/model/price.ts";
import { platformAction, withExamples, type CliRun } from "../../terminal/command.ts";
import { findJobType } from "./find-job-type.ts";
import { formatDetails, formatMoney, formatTime, type Column } from "../../terminal/format.ts";
import { CostCents, Id, ListLimit } from "../../terminal/options.ts";

const COLUMNS: readonly Column<PriceChange>[] = [
  { title: "SINCE", cell: (row) => formatTime(row.valid_from) },
  { title: "CUSTOMER", cell: (row) => row.customer_id ?? "(standard)" },
  {
    title: "COST",
    cell: (row) => (row.cost_cents === null ? "standard again" : formatMoney(row.cost_cents)),
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
    .description("Every price of a job type, newest first: the standard cost, and those of single customers")
    .argument("<type>", "id or name of the job type")
    .option("--limit <n>", "at most this many, up to 200 (default: 50)")
    .action(
      platformAction(run, z.object({ type: Type, limit: ListLimit }), async (platform, { type, limit }) => {
        const { id } = await findJobType(platform, type);
        const history = await platform.prices.history(id, { limit });
        // The cursor of the API's pages says nothing to anybody else.
        const rows = history.map(({ id: _cursor, ...change }) => change);
        await run.terminal.printList(rows, COLUMNS, { limit, empty: "No price was ever set." });
      }),
    );
}

function addCustomerPrice(jobTypes: Command, run: CliRun): void {
  const { terminal } = run;
  withExamples(jobTypes.command("set-price"), "iep job-types set-price Echo --customer <id> --cost-cents 4")
    .description(
      "Give a customer a price of their own, from the next submission on. Jobs accepted keep theirs",
    )
    .argument("<type>", "id or name of the job type")
    .option("--customer <id>", "whose price it is (required)")
    .option("--cost-cents <n>", "what a job of it costs at most (required)")
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
              ["cost", formatMoney(price.cost_cents)],
              ["updated", formatTime(price.updated_at)],
            ]),
          );
        },
      ),
    );

  withExamples(jobTypes.command("end-price"), "iep job-types end-price Echo --customer <id>")
    .description("Let a customer pay the standard cost again, from the next submission on")
    .argument("<type>", "id or name of the job type")
    .option("--customer <id>", "whose price ends (required)")
    .action(
      platformAction(
        run,
        z.object({ type: Type, customer: Id }),
        async (platform, { type, customer: customer_id }) => {
          const { id: job_type_id, name, standard_cost_cents } = await findJobType(platform, type);
          if (!(await platform.prices.endForCustomer(job_type_id, customer_id))) {
            throw new PlatformError(
              "not_found",
              `Customer ${customer_id} has no price of their own for job type ${name}.`,
            );
          }
          await terminal.print(
            { job_type_id, customer_id, ended: true },
            () =>
              `${customer_id} pays the standard cost of ${name} again: ${formatMoney(standard_cost_cents)}`,
          );
        },
      ),
    );
}
