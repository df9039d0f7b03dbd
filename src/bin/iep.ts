import type { Logger } from "pino";
import { runCli } from "../cli/program.ts";
import type { CliContext, ServerFacts } from "../cli/terminal/context.ts";
import { ConfigError, EXIT_CONFIG, loadDotEnv, readConfig } from "./config.ts";
import { dataFolder } from "./data-folder.ts";

// `iep --help` and a wrong option are answered at once: what talks to a server is imported by the command that needs it.

const answer = (text: string): void => void process.stdout.write(`${text}\n`);

/** Commands work on DATABASE_URL, or else on the stack that `npm start` runs in this folder. */
async function servers() {
  const config = readConfig(process.env);
  if (config.DATABASE_URL !== undefined) return { ...config, DATABASE_URL: config.DATABASE_URL };
  const stack = await dataFolder.localStack();
  if (stack)
    return { ...config, DATABASE_URL: stack.database_url, REDIS_URL: config.REDIS_URL ?? stack.redis_url };
  throw new ConfigError(
    "DATABASE_URL is not set, and no `npm start` runs in this folder: set the one or start the other.",
  );
}

const databaseUrl = async (): Promise<string> => (await servers()).DATABASE_URL;

async function createLog(level: string, fd: 1 | 2 = 1): Promise<Logger> {
  const { pino } = await import("pino");
  return pino({ level }, pino.destination(fd));
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
    client.on("error", () => undefined); // The query that needs the connection tells.
    await client.connect();
    try {
      const { rows } = await client.query<ServerFacts>(SERVER_FACTS);
      if (!rows[0]) throw new Error("the server answered no facts");
      return rows[0];
    } finally {
      await client.end();
    }
  },
  processes: {
    async api() {
      const config = readConfig(process.env, ["DATABASE_URL", "ADMIN_API_KEY"]);
      const { runApi } = await import("./run-api.ts");
      return await runApi(config, await createLog(config.LOG_LEVEL));
    },
    async runner() {
      const config = readConfig(process.env, ["DATABASE_URL"]);
      const { runRunner } = await import("./run-runner.ts");
      return await runRunner(config, await createLog(config.LOG_LEVEL));
    },
    async dev(options) {
      // Its own words are for people; the log only speaks up when something is wrong, unless LOG_LEVEL asks for more.
      const config = readConfig(process.env);
      const { runDev } = await import("./run-dev.ts");
      return await runDev(config, await createLog(process.env["LOG_LEVEL"] ? config.LOG_LEVEL : "warn"), {
        ...options,
        say: options.json ? (line) => console.error(line) : answer,
        answer,
      });
    },
    async demo(options) {
      const { runDemo } = await import("./run-demo.ts");
      return await runDemo(readConfig(process.env), process.stdout, options);
    },
  },
  stdout: process.stdout,
  stderr: process.stderr,
};

/** Errors whose message says it all; anything else is a bug, whose stack matters. */
const CODES: Readonly<Record<string, string>> = {
  ConfigError: "configuration",
  ServersAwayError: "unavailable",
  ProcessorLoadError: "processors",
  MigrationError: "migration_failed",
};

// `iep … | head` closes the pipe while we write: that is no fault.
process.stdout.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? 0 : 1));

try {
  loadDotEnv();
  process.exitCode = await runCli(process.argv.slice(2), context);
} catch (error) {
  process.exitCode = error instanceof ConfigError ? EXIT_CONFIG : 1;
  console.error(report(error, process.argv.includes("--json")));
}
// Nothing of ours is open any more; a socket that a library keeps must not keep the process.
process.exit();

function report(error: unknown, json: boolean): unknown {
  const code = error instanceof Error ? CODES[error.name] : undefined;
  if (!(error instanceof Error) || code === undefined) return error;
  return json ? JSON.stringify({ error: { code, message: error.message } }) : error.message;
}
