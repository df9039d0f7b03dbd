import type { Logger } from "pino";
import { runCli } from "../cli/program.ts";
import type { CliContext, ServerFacts } from "../cli/terminal/context.ts";
import { EXIT_ERROR } from "../cli/terminal/errors.ts";
import { ConfigError, loadDotEnv, readConfig, type Config } from "./config.ts";
import type { ProcessLog } from "./create-log.ts";
import { dataFolder } from "./data-folder.ts";

// Code that talks to a server is imported by the command that needs it, so that `iep --help` and a wrong
// option are quick.

const print = (text: string): void => void process.stdout.write(`${text}\n`);

function readEnvironment<Needed extends keyof Config = never>(needs?: readonly Needed[]) {
  loadDotEnv();
  return readConfig(process.env, needs);
}

/** Commands use DATABASE_URL or, if it is not set, the servers that `npm start` runs in this folder. */
async function servers() {
  const config = readEnvironment();
  if (config.DATABASE_URL !== undefined) return { ...config, DATABASE_URL: config.DATABASE_URL };
  const stack = await dataFolder.localStack();
  if (stack)
    return { ...config, DATABASE_URL: stack.database_url, REDIS_URL: config.REDIS_URL ?? stack.redis_url };
  throw new ConfigError(
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

const migrator = () => import("../postgres/connection/migrator.ts");

const SERVER_FACTS =
  "SELECT current_setting('server_version') AS version, current_setting('fsync') AS fsync, current_setting('synchronous_commit') AS synchronous_commit, now()";

const context: CliContext = {
  async withPlatform(work) {
    const config = await servers();
    const { openPlatform } = await import("./open-platform.ts");
    const platform = openPlatform({ ...config, DATABASE_POOL_SIZE: 2 }, "iep", await createCommandLog());
    try {
      return await work(platform);
    } finally {
      await platform.close();
    }
  },
  migrations: {
    up: async () => await (await migrator()).migrateUp(await databaseUrl()),
    down: async (steps) => await (await migrator()).migrateDown(await databaseUrl(), steps),
    status: async () => await (await migrator()).migrationStatus(await databaseUrl()),
    pending: async () => await (await migrator()).pendingChanges(await databaseUrl()),
  },
  async serverFacts() {
    const { Client } = await import("pg");
    const { connectionConfig } = await import("../postgres/connection/pool.ts");
    const client = new Client(connectionConfig(await databaseUrl(), "iep doctor"));
    client.on("error", () => undefined); // The query fails and reports it.
    await client.connect();
    try {
      const { rows } = await client.query<ServerFacts>(SERVER_FACTS);
      if (!rows[0]) throw new Error("the server returned no facts");
      return rows[0];
    } finally {
      await client.end();
    }
  },
  processes: {
    async api() {
      const config = readEnvironment(["DATABASE_URL", "ADMIN_API_KEY"]);
      const { runApi } = await import("./run-api.ts");
      return await serve({ level: config.LOG_LEVEL }, ({ log }) => runApi(config, log));
    },
    async runner() {
      const config = readEnvironment(["DATABASE_URL"]);
      const { runRunner } = await import("./run-runner.ts");
      return await serve({ level: config.LOG_LEVEL }, ({ log }) => runRunner(config, log));
    },
    async dev(options) {
      const config = readEnvironment();
      const { runDev } = await import("./run-dev.ts");
      // With --json stdout has one document and nothing else.
      const fd = options.json ? 2 : 1;
      return await serve({ level: config.LOG_LEVEL, fd, readable: !options.json }, (processLog) =>
        runDev(config, processLog.log, {
          ...options,
          say: processLog.print,
          printReady: options.json ? print : processLog.print,
        }),
      );
    },
    async demo(options) {
      const { runDemo } = await import("./run-demo.ts");
      return await runDemo(readEnvironment(), process.stdout, options);
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
  console.error(error);
}
// All our connections are closed: a socket that a library keeps open must not keep the process.
process.exit();
