import type { Command } from "commander";
import { z } from "zod";
import { databaseClock } from "../../../core/lib/database-clock.ts";
import type { FailureGroup } from "../../../core/model/failure.ts";
import { FAILURES_DAYS } from "../../../core/model/limits.ts";
import type { Platform } from "../../../core/use-cases/platform.ts";
import { platformAction, withExamples, type CliRun } from "../../terminal/command.ts";
import { formatMoney, formatTime, type Column } from "../../terminal/format.ts";
import { Id, LIMIT_OPTION, ListLimit, Since } from "../../terminal/options.ts";
import { findJobType } from "../job-types/find-job-type.ts";

const DAY_MS = 24 * 60 * 60 * 1_000;

export function addFailuresCommand(program: Command, run: CliRun): void {
  withExamples(
    program.command("failures"),
    "iep failures",
    "iep failures --since 2h --type Echo",
    "iep jobs list --fingerprint <fingerprint>",
  )
    .option("--customer <id>", "only failures of this customer")
    .option("--type <id|name>", "only failures of this job type")
    .option(
      "--since <time>",
      `only since this time, or in the last 30m, 12h or 7d (default: ${FAILURES_DAYS}d)`,
    )
    .option(...LIMIT_OPTION)
    .action(
      platformAction(
        run,
        z.object({
          customer: Id.optional(),
          type: z.string().optional(),
          since: Since.optional(),
          limit: ListLimit,
        }),
        async (platform, { customer: customer_id, type, since, limit }) => {
          const job_type_id = type === undefined ? undefined : (await findJobType(platform, type)).id;
          const groups = await platform.failures.list(
            {
              customer_id,
              job_type_id,
              since: since ?? new Date(databaseClock.now() - FAILURES_DAYS * DAY_MS).toISOString(),
            },
            { limit },
          );
          await run.terminal.printList(groups, await columns(platform, groups), {
            limit,
            empty: "No failures found.",
          });
        },
      ),
    );
}

async function columns(
  { jobTypes }: Platform,
  groups: readonly FailureGroup[],
): Promise<readonly Column<FailureGroup>[]> {
  const types = await jobTypes.findByIds([...new Set(groups.map((group) => group.job_type_id))]);
  const names = new Map(types.map(({ id, name }) => [id, name]));
  return [
    { title: "FINGERPRINT", cell: (row) => row.fingerprint },
    { title: "TYPE", cell: (row) => names.get(row.job_type_id) ?? row.job_type_id, max: 20 },
    { title: "JOBS", cell: (row) => row.jobs, right: true },
    { title: "ATTEMPTS", cell: (row) => row.attempts, right: true },
    { title: "CUSTOMERS", cell: (row) => row.customers, right: true },
    { title: "RELEASED", cell: releasedOf, right: true },
    { title: "FIRST SEEN", cell: (row) => formatTime(row.first_seen_at) },
    { title: "LAST SEEN", cell: (row) => formatTime(row.last_seen_at) },
    { title: "FAILURE", cell: (row) => `${row.code}: ${row.pattern}` },
  ];
}

function releasedOf({ released }: FailureGroup): string {
  return released.map(({ cents, currency }) => formatMoney(cents, currency)).join(", ") || "-";
}
