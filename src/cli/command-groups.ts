import type { Command } from "commander";
import type { CliRun } from "./terminal/command.ts";

/** Commands of the program that stand in one file, with what each does. */
interface CommandGroup {
  readonly commands: Readonly<Record<string, string>>;
  readonly load: () => Promise<(program: Command, run: CliRun) => void>;
}

/** In the order of the help. A group is loaded when one of its commands is used: loading all takes 0.3 s. */
export const COMMAND_GROUPS: readonly CommandGroup[] = [
  {
    commands: {
      dev: "Run everything in one process on this machine: database, migrations, demo data, API and a runner",
      api: "Run the HTTP API, for production. Always logs JSON lines",
      runner: "Run a runner of jobs, for production. Always logs JSON lines",
      demo: "Run a demo workload on a temporary database and print figures. Exit code 1 if a promise is broken",
    },
    load: async () => (await import("./commands/processes/processes.ts")).addProcessCommands,
  },
  {
    commands: {
      migrate: "Migrate the schema of the database",
    },
    load: async () => (await import("./commands/migrate/migrate.ts")).addMigrateCommands,
  },
  {
    commands: {
      customers: "Manage customers and their API keys",
    },
    load: async () => (await import("./commands/customers/customers.ts")).addCustomerCommands,
  },
  {
    commands: {
      operators: "Manage who operates the platform with a key of their own",
    },
    load: async () => (await import("./commands/operators/operators.ts")).addOperatorCommands,
  },
  {
    commands: {
      wallets: "Manage the prepaid money of customers",
    },
    load: async () => (await import("./commands/wallets/wallets.ts")).addWalletCommands,
  },
  {
    commands: {
      "job-types": "Manage what customers can submit, and its price",
    },
    load: async () => (await import("./commands/job-types/job-types.ts")).addJobTypeCommands,
  },
  {
    commands: {
      jobs: "Submit jobs, follow, cancel, retry and refund them",
    },
    load: async () => (await import("./commands/jobs/jobs.ts")).addJobCommands,
  },
  {
    commands: {
      failures: "List what fails, in groups of the same job type, error code and message",
    },
    load: async () => (await import("./commands/failures/failures.ts")).addFailuresCommand,
  },
  {
    commands: {
      bulk: "Cancel or retry all jobs that match, follow that and stop it",
    },
    load: async () => (await import("./commands/bulk/bulk.ts")).addBulkCommands,
  },
  {
    commands: {
      webhooks:
        "Tell other programs of events: manage endpoints, look at deliveries, forward to this machine",
    },
    load: async () => (await import("./commands/webhooks/webhooks.ts")).addWebhookCommands,
  },
  {
    commands: {
      queue: "Count the waiting jobs, by priority",
    },
    load: async () => (await import("./commands/queue/queue.ts")).addQueueCommand,
  },
  {
    commands: {
      runners: "List the runners that are alive, oldest first",
    },
    load: async () => (await import("./commands/runners/runners.ts")).addRunnersCommand,
  },
  {
    commands: {
      audit: "Check every promise of the platform against its data. Exit code 1 if one is broken",
    },
    load: async () => (await import("./commands/audit/audit.ts")).addAuditCommand,
  },
  {
    commands: {
      doctor: "Check the servers and whether jobs can run. Exit code 1 if something is BAD",
    },
    load: async () => (await import("./commands/doctor/doctor.ts")).addDoctorCommand,
  },
];

/** The command of a command line: its first word, because no option of the program takes a value. */
export function commandWord(argv: readonly string[]): string | undefined {
  return argv.find((word) => !word.startsWith("-"));
}

/** `iep`, `iep help` and `iep help jobs submit` ask for help as `--help` does. */
export function withHelpWord(argv: readonly string[]): readonly string[] {
  const word = commandWord(argv);
  const isBare = argv.every((one) => one === "--json");
  if (word === "help") return [...argv.filter((one, index) => index !== argv.indexOf(word)), "--help"];
  return isBare ? [...argv, "--help"] : argv;
}
