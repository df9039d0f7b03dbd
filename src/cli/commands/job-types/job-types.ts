import { Option, type Command } from "commander";
import { newId } from "../../../core/lib/new-id.ts";
import { z } from "zod";
import { jobTypeNotFound } from "../../../core/model/not-found.ts";
import { findSchemaFault } from "../../../core/use-cases/find-schema-fault.ts";
import { DEFAULT_CURRENCY } from "../../../core/model/currency.ts";
import { JOB_TYPE_DEFAULTS, type JobType } from "../../../core/model/job-type.ts";
import { findUnstorable } from "../../../core/lib/json.ts";
import { platformAction, withExamples, type CliRun } from "../../terminal/command.ts";
import { formatDetails, formatMoney, formatTime, formatYesNo, type Column } from "../../terminal/format.ts";
import { jsonArgument } from "../../terminal/json-argument.ts";
import {
  CostCents,
  Currency,
  Flag,
  LIMIT_OPTION,
  ListLimit,
  JobTypeName,
  MaxAttempts,
  ProcessingLogicId,
  RunningLimit,
  TimeoutSeconds,
} from "../../terminal/options.ts";
import { RUNNING_LIMIT_COLUMN, RUNNING_LIMIT_OPTION } from "../../terminal/running-limit.ts";
import { findJobType } from "./find-job-type.ts";
import { addPriceCommands } from "../prices/prices.ts";
import { addTypesCommand } from "./types.ts";

const COLUMNS: readonly Column<JobType>[] = [
  { title: "ID", cell: (row) => row.id },
  { title: "NAME", cell: (row) => row.name },
  { title: "PROCESSOR", cell: (row) => row.processing_logic_id },
  { title: "COST", cell: (row) => formatMoney(row.standard_cost_cents, row.currency), right: true },
  { title: "ENABLED", cell: (row) => formatYesNo(row.enabled) },
  { title: "PAUSED", cell: (row) => formatYesNo(row.paused_at !== null) },
  { title: "ATTEMPTS", cell: (row) => row.max_attempts, right: true },
  { title: "TIMEOUT", cell: (row) => `${row.timeout_seconds} s`, right: true },
  RUNNING_LIMIT_COLUMN,
];

const Type = z.string().min(1, "must not be empty");

export function addJobTypeCommands(program: Command, run: CliRun): void {
  const jobTypes = program.command("job-types");
  withExamples(
    jobTypes,
    "iep job-types create --name Echo --processing-logic-id echo --cost-cents 5",
    "iep job-types update Echo --cost-cents 7",
    "iep job-types pause Echo",
    "iep job-types set-price Echo --customer <id> --cost-cents 4",
  );
  addReading(jobTypes, run);
  addCreate(jobTypes, run);
  addUpdate(jobTypes, run);
  addPause(jobTypes, run);
  addPriceCommands(jobTypes, run);
  addTypesCommand(jobTypes, run);
}

function addReading(jobTypes: Command, run: CliRun): void {
  const { terminal } = run;
  withExamples(jobTypes.command("list"), "iep job-types list")
    .description("List the newest job types")
    .option(...LIMIT_OPTION)
    .action(
      platformAction(run, z.object({ limit: ListLimit }), async (platform, { limit }) => {
        const empty =
          "No job types yet. Create one: iep job-types create --name … --processing-logic-id … --cost-cents …";
        await terminal.printList(await platform.jobTypes.list({ limit }), COLUMNS, { limit, empty });
      }),
    );

  withExamples(jobTypes.command("show"), "iep job-types show Echo")
    .description("Show a job type")
    .argument("<type>", "id or name of the job type")
    .action(
      platformAction(run, z.object({ type: Type }), async (platform, { type }) => {
        const jobType = await findJobType(platform, type, "not_found");
        await terminal.print(jobType, () => formatJobType(jobType));
      }),
    );
}

function addCreate(jobTypes: Command, run: CliRun): void {
  withExamples(
    jobTypes.command("create"),
    "iep job-types create --name Echo --processing-logic-id echo --cost-cents 500 --currency JPY",
    "iep job-types create --name Text --processing-logic-id text.statistics --cost-cents 5 --input-schema @text.json",
  )
    .description("Create a job type")
    .option("--name <text>", "unique name (required)")
    .option("--processing-logic-id <id>", "id of the processor that runs its jobs (required)")
    .option("--cost-cents <n>", "highest price of a job, in minor units of its currency (required)")
    .option("--currency <code>", `currency of the price (default: ${DEFAULT_CURRENCY})`)
    .option(
      "--max-attempts <n>",
      `how often a job is started before it fails (default: ${JOB_TYPE_DEFAULTS.max_attempts})`,
    )
    .option(
      "--timeout-seconds <n>",
      `how long one attempt may run (default: ${JOB_TYPE_DEFAULTS.timeout_seconds})`,
    )
    .option(
      "--input-schema <json|@file|->",
      "JSON Schema (draft 2020-12) that inputs must match (default: the processor's)",
    )
    .option(...RUNNING_LIMIT_OPTION)
    .option("--disabled", "do not accept jobs yet")
    .action(
      platformAction(run, z.object({ ...fields(run), disabled: Flag }), async (platform, values) => {
        const jobType = await platform.jobTypes.create({
          id: newId(),
          name: values.name,
          processing_logic_id: values.processingLogicId,
          standard_cost_cents: values.costCents,
          currency: values.currency,
          enabled: !values.disabled,
          max_attempts: values.maxAttempts,
          timeout_seconds: values.timeoutSeconds,
          input_schema: values.inputSchema,
          running_limit: values.runningLimit,
        });
        await run.terminal.print(jobType, () => formatJobType(jobType));
        const runners = jobType.served ? [] : await platform.runners.list();
        if (runners.length > 0)
          await run.terminal.say(
            `No living runner has the processor ${jobType.processing_logic_id}: jobs of this type wait until one has.`,
          );
      }),
    );
}

function addUpdate(jobTypes: Command, run: CliRun): void {
  withExamples(
    jobTypes.command("update"),
    "iep job-types update Echo --cost-cents 7",
    "iep job-types update Echo --disable",
    "iep job-types update Echo --input-schema null",
    "iep job-types update Echo --running-limit 4",
  )
    .description("Update a job type. Jobs that were accepted keep their price")
    .argument("<type>", "id or name of the job type")
    .option("--name <text>", "new unique name")
    .option("--processing-logic-id <id>", "id of the processor that runs its jobs")
    .option("--cost-cents <n>", "highest price of a job, in minor units of its currency")
    .option("--currency <code>", "currency of the price")
    .option("--max-attempts <n>", "how often a job is started before it fails")
    .option("--timeout-seconds <n>", "how long one attempt may run")
    .option(
      "--input-schema <json|@file|->",
      "JSON Schema (draft 2020-12) that inputs must match; null: the processor's",
    )
    .option(...RUNNING_LIMIT_OPTION)
    .option("--enable", "accept jobs")
    .addOption(new Option("--disable", "accept no more jobs").conflicts("enable"))
    .action(
      platformAction(
        run,
        z
          .object({ ...fields(run), enable: Flag, disable: Flag })
          .partial()
          .extend({ type: Type })
          .refine(
            ({ type: _type, enable, disable, ...changes }) =>
              enable || disable || Object.values(changes).some((change) => change !== undefined),
            "nothing to change: --help lists the options",
          ),
        async (platform, { type, enable, disable, ...values }) => {
          const { id } = await findJobType(platform, type, "not_found");
          const changes = {
            name: values.name,
            processing_logic_id: values.processingLogicId,
            standard_cost_cents: values.costCents,
            currency: values.currency,
            enabled: enable || disable ? enable === true : undefined,
            max_attempts: values.maxAttempts,
            timeout_seconds: values.timeoutSeconds,
            input_schema: values.inputSchema,
            running_limit: values.runningLimit,
          };
          const jobType = existing(id, await platform.jobTypes.update(id, changes));
          platform.jobTypeCache.forget(id);
          await run.terminal.print(jobType, () => formatJobType(jobType));
        },
      ),
    );
}

function addPause(jobTypes: Command, run: CliRun): void {
  const setPaused = (paused: boolean) =>
    platformAction(run, z.object({ type: Type }), async (platform, { type }) => {
      const { id } = await findJobType(platform, type, "not_found");
      const jobType = existing(id, await platform.jobTypes.setPaused(id, paused));
      platform.jobTypeCache.forget(id);
      await run.terminal.print(jobType, () => formatJobType(jobType));
    });

  withExamples(jobTypes.command("pause"), "iep job-types pause Echo")
    .description("Start none of its jobs until it is resumed. Running jobs go on, and new jobs are accepted")
    .argument("<type>", "id or name of the job type")
    .action(setPaused(true));

  withExamples(jobTypes.command("resume"), "iep job-types resume Echo")
    .description("Start its waiting jobs again")
    .argument("<type>", "id or name of the job type")
    .action(setPaused(false));
}

function fields({ context }: CliRun) {
  return {
    name: JobTypeName,
    processingLogicId: ProcessingLogicId,
    costCents: CostCents,
    currency: Currency.optional(),
    maxAttempts: MaxAttempts.optional(),
    timeoutSeconds: TimeoutSeconds.optional(),
    runningLimit: RunningLimit.optional(),
    inputSchema: jsonArgument(context.stdin)
      .refine((schema) => schema === null || findUnstorable(schema, "").length === 0, {
        error: ({ input }) => {
          const [fault] = findUnstorable(input, "");
          return `cannot be stored: ${fault?.pointer || "the schema"} ${fault?.message}`;
        },
        abort: true,
      })
      .refine((schema) => schema === null || findSchemaFault(schema) === undefined, {
        error: ({ input }) => findSchemaFault(input) ?? "",
      })
      .optional(),
  };
}

function formatJobType(jobType: JobType): string {
  return formatDetails([
    ["id", jobType.id],
    ["name", jobType.name],
    ["processor", jobType.processing_logic_id],
    ["cost", formatMoney(jobType.standard_cost_cents, jobType.currency)],
    ["enabled", formatYesNo(jobType.enabled)],
    ["paused since", jobType.paused_at && formatTime(jobType.paused_at)],
    ["attempts at most", jobType.max_attempts],
    ["timeout", `${jobType.timeout_seconds} s`],
    ["running limit", jobType.running_limit ?? "none"],
    ["input schema", formatSchema(jobType)],
    ["created", formatTime(jobType.created_at)],
    ["updated", formatTime(jobType.updated_at)],
  ]);
}

function formatSchema({ input_schema, processor_input_schema }: JobType): string {
  if (input_schema !== null) return JSON.stringify(input_schema);
  return processor_input_schema === null
    ? "any JSON"
    : `the processor's: ${JSON.stringify(processor_input_schema)}`;
}

function existing(id: string, jobType: JobType | undefined): JobType {
  if (!jobType) throw jobTypeNotFound(id);
  return jobType;
}
