import type { Command } from "commander";
import { z } from "zod";
import { databaseClock } from "../../../core/lib/database-clock.ts";
import { USAGE_ROWS_MAX } from "../../../core/model/limits.ts";
import { USAGE_BUCKETS, type UsageRow } from "../../../core/model/usage.ts";
import { platformAction, withExamples, type CliRun } from "../../terminal/command.ts";
import { formatMoney, formatTime, type Column } from "../../terminal/format.ts";
import { Email, Id, Since } from "../../terminal/options.ts";
import { findCustomer } from "./find-customer.ts";

/** What `--since` is when it is left out. */
const USUAL_MS = 30 * 24 * 60 * 60 * 1_000;

/** `iep customers usage`: what ended and what it cost, by day or hour and job type, oldest first. */
export function addUsage(customers: Command, run: CliRun): void {
  withExamples(
    customers.command("usage"),
    "iep customers usage <id>",
    "iep customers usage <id> --by hour --since 24h",
  )
    .description("Show what ended and what it cost, by day or hour and job type")
    .argument("<id>", "id or e-mail address of the customer")
    .option("--by <bucket>", "day (in UTC) or hour (default: day)")
    .option("--since <time>", "from this time on, or in the last 12h or 7d (default: 30d)")
    .action(
      platformAction(
        run,
        z.object({
          id: z.union([Id, Email], "must be a UUID or an e-mail address"),
          by: z.enum(USAGE_BUCKETS).default("day"),
          since: Since.optional(),
        }),
        async (platform, { id, by, since }) => {
          const { id: customer_id, currency } = await findCustomer(platform, id);
          const now = databaseClock.now();
          const rows = await platform.usage.list({
            customer_id,
            bucket: by,
            from: since ?? new Date(now - USUAL_MS).toISOString(),
            to: new Date(now + 1).toISOString(),
            limit: USAGE_ROWS_MAX,
          });
          await run.terminal.printList(rows, columnsIn(currency), {
            limit: USAGE_ROWS_MAX,
            empty: "No job ended in this time.",
            more: `These are the oldest ${USAGE_ROWS_MAX} rows. There may be more: set a later --since.`,
          });
        },
      ),
    );
}

function columnsIn(currency: string): readonly Column<UsageRow>[] {
  return [
    { title: "FROM", cell: (row) => formatTime(row.starts_at) },
    { title: "JOB TYPE", cell: (row) => row.job_type },
    { title: "SUCCEEDED", cell: (row) => row.succeeded, right: true },
    { title: "FAILED", cell: (row) => row.failed, right: true },
    { title: "CANCELLED", cell: (row) => row.cancelled, right: true },
    { title: "CHARGED", cell: (row) => formatMoney(row.charged_cents, currency), right: true },
  ];
}
