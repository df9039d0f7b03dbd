import type { Logger } from "pino";
import { runCli } from "../cli/program.ts";
import type { CliContext, ServerFacts } from "../cli/terminal/context.ts";
import { EXIT_ERROR } from "../cli/terminal/errors.ts";
import { ConfigError } from "./config-error.ts";
import type { Config } from "./config.ts";
import { dataFolder } from "./data-folder.ts";
import { readEnvironment as readVariables } from "./read-environment.ts";

// Code that talks to a server is imported by the command that needs it, so that `iep --help` and a wrong
// option are quick.

const print = (text: string): void => void process.stdout.write(`${text}\n`);

/** A command may read the environment more than once. */
const warned = new Set<string>();

function readEnvironment<Needed extends keyof Config = never>(needs?: readonly Needed[]) {
  return readVariables(process.env, warn, needs);
}

function warn(line: string): void {
  if (!warned.has(line)) process.stderr.write(`warning: ${line}\n`);
  warned.add(line);
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

async function createLog(level: string, fd: 1 | 2 = 1): Promise<Logger> {
  const { pino } = await import("pino");
  const { errorForLog } = await import("../core/lib/error-for-log.ts");
  return pino({ level, serializers: { err: errorForLog } }, pino.destination(fd));
}

const migrator = () => import("../postgres/connection/migrator.ts");

const SERVER_FACTS =
  "SELECT current_setting('server_version') AS version, current_setting('fsync') AS fsync, current_setting('synchronous_commit') AS synchronous_commit, now()";

const context: CliContext = {
  async withPlatform(work) {
    const config = await servers();
    const { openPlatform } = await import("./open-platform.ts");
    const platform = openPlatform({ ...config, DATABASE_POOL_SIZE: 2 }, "iep", await createLog("warn", 2));
    try {
      // The database's clock dates what the command creates. The command itself reports a database that is away.
      await platform.ping().catch(() => undefined);
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
  processes: {
    async api() {
      const config = readEnvironment(["DATABASE_URL", "ADMIN_API_KEY"]);
      const { runApi } = await import("./run-api.ts");
      return await runApi(config, await createLog(config.LOG_LEVEL));
    },
    async runner() {
      const config = readEnvironment(["DATABASE_URL"]);
      const { runRunner } = await import("./run-runner.ts");
      return await runRunner(config, await createLog(config.LOG_LEVEL));
    },
    async dev(options) {
      // `runDev` prints its own lines for people. The log has only warnings and errors unless LOG_LEVEL asks
      // for more.
      const config = readEnvironment();
      const { runDev } = await import("./run-dev.ts");
      return await runDev(config, await createLog(process.env["LOG_LEVEL"] ? config.LOG_LEVEL : "warn"), {
        ...options,
        say: options.json ? (line) => console.error(line) : print,
        printReady: print,
      });
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
process.stdout.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? 0 : 1));

try {
  process.exitCode = await runCli(process.argv.slice(2), context);
} catch (error) {
  // Not meant for users: a bug, which needs its stack.
  process.exitCode = EXIT_ERROR;
  const { errorForLog } = await import("../core/lib/error-for-log.ts");
  console.error(errorForLog(error).stack);
}
// All our connections are closed: a socket that a library keeps open must not keep the process.
process.exit();
