import { inspect } from "node:util";
import type { Logger } from "pino";
import { OperatorError } from "../core/lib/operator-error.ts";
import { runCli } from "../cli/program.ts";
import type { CliContext, ServerFacts } from "../cli/terminal/context.ts";
import { EXIT_ERROR } from "../cli/terminal/errors.ts";
import type { Config } from "./config.ts";
import type { ProcessLog } from "./create-log.ts";
import { takeScreen } from "./take-screen.ts";
import { withTraces } from "./with-traces.ts";

// Code that talks to a server is imported by the command that needs it, so that `iep --help` and a wrong
// option are quick.

async function confirm(question: string): Promise<boolean> {
  const { createInterface } = await import("node:readline/promises");
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return (await terminal.question(`${question} Type yes to go on: `)).trim() === "yes";
  } finally {
    terminal.close();
  }
}

const print = (text: string): void => void process.stdout.write(`${text}\n`);

/** A command may read the environment more than once. */
const warned = new Set<string>();

async function readEnvironment<Needed extends keyof Config = never>(needs?: readonly Needed[]) {
  const { readEnvironment: readVariables } = await import("./read-environment.ts");
  return readVariables(process.env, warn, needs);
}

function warn(line: string): void {
  if (!warned.has(line)) process.stderr.write(`warning: ${line}\n`);
  warned.add(line);
}

/** Commands use DATABASE_URL or, if it is not set, the servers that `npm start` runs in this folder. */
async function servers() {
  const config = await readEnvironment();
  if (config.DATABASE_URL !== undefined) return { ...config, DATABASE_URL: config.DATABASE_URL };
  const { dataFolder } = await import("./data-folder.ts");
  const stack = await dataFolder.localStack();
  if (stack) {
    const { forgetDriverSettings } = await import("./forget-driver-settings.ts");
    forgetDriverSettings();
    const REDIS_URL = config.REDIS_URL ?? stack.redis_url;
    return { ...config, DATABASE_URL: stack.database_url, DATABASE_DIRECT_URL: undefined, REDIS_URL };
  }
  throw new OperatorError(
    "configuration",
    "DATABASE_URL is not set, and `npm start` is not running in this folder. Set DATABASE_URL, or run `npm start` here.",
  );
}

const databaseUrl = async (): Promise<string> => (await servers()).DATABASE_URL;

/** Nobody who reads stdout, or does not, may stop a process that serves. */
let isServing = false;

/** Runs a process that goes on until it is stopped, with its log. Returns its exit code. */
async function serve(
  options: { level: string; fd?: 1 | 2; readable?: boolean },
  run: (processLog: ProcessLog) => Promise<number>,
): Promise<number> {
  isServing = true;
  const { createLog } = await import("./create-log.ts");
  const processLog = await createLog({ fd: 1, readable: false, ...options });
  try {
    return await run(processLog);
  } finally {
    await processLog.end();
  }
}

async function createCommandLog(): Promise<Logger> {
  const { createLog } = await import("./create-log.ts");
  return (await createLog({ level: "warn", fd: 2, readable: false })).log;
}

/** Past a pooler where there is one: a migration is long, and has its settings to itself. */
async function directUrl(): Promise<string> {
  const { DATABASE_DIRECT_URL, DATABASE_URL } = await servers();
  return DATABASE_DIRECT_URL ?? DATABASE_URL;
}

async function processorsHere(): Promise<CliContext["localProcessors"]> {
  const { localProcessors } = await import("./local-processors.ts");
  const { guardProcess } = await import("./guard-process.ts");
  return localProcessors(await readEnvironment(), (log) => {
    // stdout has the output of the command and nothing else, so that it can be piped.
    for (const name of ["log", "info", "debug"] as const) console[name] = console.error.bind(console);
    return guardProcess(log);
  });
}

const migrator = () => import("../postgres/connection/migrator.ts");

const SERVER_FACTS =
  "SELECT current_setting('server_version') AS version, current_setting('server_encoding') AS encoding, current_setting('fsync') AS fsync, current_setting('synchronous_commit') AS synchronous_commit, now()";

const context: CliContext = {
  async withPlatform(work) {
    const config = await servers();
    const { openPlatform } = await import("./open-platform.ts");
    const platform = openPlatform({ ...config, DATABASE_POOL_SIZE: 2 }, "iep", await createCommandLog());
    try {
      // The database's clock dates what the command creates. The command itself reports a database that is away.
      await platform.ping().catch(() => undefined);
      return await work(platform);
    } finally {
      await platform.close();
    }
  },
  migrations: {
    up: async (say) => await (await migrator()).migrateUp(await directUrl(), undefined, { say }),
    down: async (steps, say) =>
      await (await migrator()).migrateDown(await directUrl(), steps, undefined, { say }),
    async risk(steps) {
      const { readRevertRisk } = await import("../postgres/connection/revert-risk.ts");
      return await readRevertRisk(await directUrl(), steps);
    },
    status: async () => await (await migrator()).migrationStatus(await directUrl()),
    pending: async () => await (await migrator()).readSchemaState(await directUrl()),
  },
  async explain(error) {
    const { explainRefusal } = await import("../postgres/connection/explain-refusal.ts");
    return explainRefusal(error);
  },
  async outputSchemas(say) {
    const { PROCESSORS_DIR } = await readEnvironment();
    const { DEFAULT_PROCESSORS_DIR } = await import("./processors-dir.ts");
    const { loadProcessors } = await import("../processors/loader/registry.ts");
    const { processors, faults } = await loadProcessors({
      directory: PROCESSORS_DIR ?? DEFAULT_PROCESSORS_DIR,
      required: PROCESSORS_DIR !== undefined,
    });
    for (const { file, message } of faults) await say(`${file} is left out: ${message}`);
    const { outputSchemas } = await import("../processors/loader/processor-schemas.ts");
    return outputSchemas(processors);
  },
  ...(process.stdin.isTTY && process.stderr.isTTY ? { confirm } : {}),
  async serverFacts() {
    const { Client } = await import("pg");
    const { connectionConfig } = await import("../postgres/connection/pool.ts");
    const client = new Client(connectionConfig(await databaseUrl(), "iep doctor"));
    const { readSession } = await import("../postgres/connection/read-session.ts");
    client.on("error", () => undefined); // The query fails and reports it.
    await client.connect();
    try {
      const { rows } = await client.query<Omit<ServerFacts, "session" | "host_ahead_ms">>(SERVER_FACTS);
      if (!rows[0]) throw new Error("the server returned no facts");
      return { ...rows[0], ...(await readSession(client)) };
    } finally {
      await client.end();
    }
  },
  ...(process.stdout.isTTY ? { takeScreen } : {}),
  hasColors: process.stdout.isTTY && (process.env["NO_COLOR"] ?? "") === "",
  interruption() {
    const controller = new AbortController();
    process.once("SIGINT", () => controller.abort());
    return controller.signal;
  },
  localProcessors: {
    directory: async () => await (await processorsHere()).directory(),
    list: async () => await (await processorsHere()).list(),
    open: async () => await (await processorsHere()).open(),
  },
  processes: {
    async api() {
      const config = await readEnvironment(["DATABASE_URL", "ADMIN_API_KEY"]);
      const { runApi } = await import("./run-api.ts");
      return await serve({ level: config.LOG_LEVEL }, ({ log }) =>
        withTraces({ environment: process.env, service: "iep-api", log }, (traces) =>
          runApi(config, log, traces),
        ),
      );
    },
    async runner() {
      const config = await readEnvironment(["DATABASE_URL"]);
      const { runRunner } = await import("./run-runner.ts");
      return await serve({ level: config.LOG_LEVEL }, ({ log }) =>
        withTraces({ environment: process.env, service: "iep-runner", log }, (traces) =>
          runRunner(config, log, traces),
        ),
      );
    },
    async dev(options) {
      const config = await readEnvironment();
      const { runDev } = await import("./run-dev.ts");
      // With --json stdout has one document and nothing else.
      const fd = options.json ? 2 : 1;
      return await serve({ level: config.LOG_LEVEL, fd, readable: !options.json }, ({ log, print: say }) =>
        withTraces({ environment: process.env, service: "iep", log }, (traces) =>
          runDev(config, log, { ...options, say, printReady: options.json ? print : say, traces }),
        ),
      );
    },
    async demo(options) {
      const { runDemo } = await import("./run-demo.ts");
      return await runDemo(await readEnvironment(), process.stdout, options);
    },
  },
  stdout: process.stdout,
  stderr: process.stderr,
};

// `iep … | head` closes the pipe while we write: that is not an error.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (!isServing) process.exit(error.code === "EPIPE" ? 0 : 1);
});
// Whoever closes stderr does not want to know.
process.stderr.on("error", () => undefined);

try {
  process.exitCode = await runCli(process.argv.slice(2), context);
} catch (error) {
  // Not meant for users: a bug, which needs its stack.
  process.exitCode = EXIT_ERROR;
  const stack = inspect(error);
  const isForPrograms = process.argv.includes("--json");
  console.error(
    isForPrograms ? JSON.stringify({ error: { code: "internal_error", message: stack } }) : stack,
  );
}
// All our connections are closed: a socket that a library keeps open must not keep the process.
process.exit();
