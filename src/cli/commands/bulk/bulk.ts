import type { Command } from "commander";
import { z } from "zod";
import { newId } from "../../../core/lib/new-id.ts";
import { STATUSES_OF, type BulkAction, type BulkActionKind } from "../../../core/model/bulk-action.ts";
import { BULK_IDS_MAX } from "../../../core/model/limits.ts";
import { bulkActionNotFound } from "../../../core/model/not-found.ts";
import type { Platform } from "../../../core/use-cases/platform.ts";
import { platformAction, withExamples, type CliRun } from "../../terminal/command.ts";
import { UsageError } from "../../terminal/errors.ts";
import { formatTime, type Column } from "../../terminal/format.ts";
import { Flag, Id, LIMIT_OPTION, ListLimit, PriorityOption, Since } from "../../terminal/options.ts";
import { findJobType } from "../job-types/find-job-type.ts";
import { formatBulkAction } from "./format-bulk-action.ts";

export function addBulkCommands(program: Command, run: CliRun): void {
  const bulk = program.command("bulk");
  withExamples(
    bulk,
    "iep bulk retry --fingerprint <fingerprint> --dry-run",
    "iep bulk retry --type Echo --since 2h",
    "iep bulk cancel --customer <id> --yes",
    "iep bulk show <id>",
    "iep bulk stop <id>",
  );
  addAction(bulk, run, "cancel", "Cancel all pending and running jobs that match");
  addAction(
    bulk,
    run,
    "retry",
    "Retry all failed and cancelled jobs that match, as new jobs at today's prices",
  );

  withExamples(bulk.command("show"), "iep bulk show <id>")
    .description("Show a bulk action: what was expected, and how far it is")
    .argument("<id>", "id of the bulk action")
    .action(
      platformAction(run, z.object({ id: Id }), async (platform, { id }) => {
        await print(run, await find(platform, id));
      }),
    );
  withExamples(bulk.command("stop"), "iep bulk stop <id>")
    .description("Stop a bulk action. What it has done stays")
    .argument("<id>", "id of the bulk action")
    .action(
      platformAction(run, z.object({ id: Id }), async (platform, { id }) => {
        await platform.bulkActions.stop(id);
        await print(run, await find(platform, id));
      }),
    );
  withExamples(bulk.command("list"), "iep bulk list")
    .description("List the newest bulk actions")
    .option(...LIMIT_OPTION)
    .action(
      platformAction(run, z.object({ limit: ListLimit }), async ({ bulkActions }, { limit }) => {
        const rows = await bulkActions.list(undefined, { limit });
        await run.terminal.printList(rows, COLUMNS, { limit, empty: "No bulk actions found." });
      }),
    );
}

const COLUMNS: readonly Column<BulkAction>[] = [
  { title: "ID", cell: (row) => row.id },
  { title: "ACTION", cell: (row) => row.action },
  { title: "STATUS", cell: (row) => row.status },
  { title: "EXPECTED", cell: (row) => row.expected.jobs, right: true },
  { title: "DONE", cell: (row) => row.jobs, right: true },
  { title: "SKIPPED", cell: (row) => row.skips.reduce((sum, { jobs }) => sum + jobs, 0), right: true },
  { title: "CREATED", cell: (row) => formatTime(row.created_at) },
];

const IdList = z
  .string()
  .transform((word) => word.split(",").map((id) => id.trim()))
  .pipe(
    z
      .array(Id, { error: "must be ids with commas between them" })
      .min(1)
      .max(BULK_IDS_MAX, `must be at most ${BULK_IDS_MAX} ids`),
  );

function addAction(bulk: Command, run: CliRun, action: BulkActionKind, description: string): void {
  const statuses = STATUSES_OF[action];
  withExamples(bulk.command(action), `iep bulk ${action} --type Echo --dry-run`)
    .description(description)
    .option("--ids <ids>", "only these jobs, with commas between them")
    .option("--customer <id>", "only jobs of this customer")
    .option("--status <status>", `only jobs with this status: ${statuses.join(", ")}`)
    .option("--type <id|name>", "only jobs of this type")
    .option("--priority <priority>", "only jobs of this priority: high, medium, low, or 0 to 2")
    .option("--since <time>", "only jobs created after this time, or in the last 30m, 12h or 7d")
    .option("--fingerprint <id>", "only jobs that failed in this way: see iep failures")
    .option("--dry-run", "only count what it would do")
    .option("--yes", "do not ask")
    .action(
      platformAction(
        run,
        z.object({
          ids: IdList.optional(),
          customer: Id.optional(),
          status: z.enum(statuses).optional(),
          type: z.string().optional(),
          priority: PriorityOption.optional(),
          since: Since.optional(),
          fingerprint: Id.optional(),
          dryRun: Flag,
          yes: Flag,
        }),
        async (platform, { customer: customer_id, type, since: created_after, dryRun, yes, ...rest }) => {
          const job_type_id = type === undefined ? undefined : (await findJobType(platform, type)).id;
          const filter = { ...rest, customer_id, job_type_id, created_after };
          if (Object.values(filter).every((value) => value === undefined))
            throw new UsageError(
              "name at least one option that selects jobs, so that no mistake reaches all",
            );
          const wanted = { action, owner_id: undefined, filter };
          const create = async (isPreview: boolean) =>
            (await platform.bulkActions.create({ ...wanted, id: newId(), isPreview }, undefined)).action;
          if (dryRun || !yes) {
            const preview = await create(true);
            await print(run, preview);
            if (dryRun || !(await isConfirmed(run, preview))) return;
          }
          await print(run, await create(false));
          await run.terminal.say("Runners do the work. Follow it: iep bulk show <id>");
        },
      ),
    );
}

/** Where nobody can be asked, --yes is what says that it is meant. */
async function isConfirmed({ context, terminal }: CliRun, preview: BulkAction): Promise<boolean> {
  const { jobs, is_capped } = preview.expected;
  if (!context.confirm || terminal.json)
    throw new UsageError("nothing was done: add --yes to do it, or --dry-run to only count");
  return await context.confirm(`${preview.action} ${is_capped ? "more than " : ""}${jobs} jobs?`);
}

async function find({ bulkActions }: Platform, id: string): Promise<BulkAction> {
  const action = await bulkActions.findById(id);
  if (!action) throw bulkActionNotFound(id);
  return action;
}

async function print({ terminal }: CliRun, action: BulkAction): Promise<void> {
  await terminal.print(action, () => formatBulkAction(action));
}
