import { Writable } from "node:stream";
import { connect, runSql } from "./sql.ts";
import { createTestPlatform, type TestPlatform } from "./test-platform.ts";
import {
  migrateDown,
  migrateUp,
  migrationStatus,
  readSchemaState,
} from "../../src/postgres/connection/migrator.ts";
import { explainRefusal } from "../../src/postgres/connection/explain-refusal.ts";
import { readRevertRisk } from "../../src/postgres/connection/revert-risk.ts";
import { readSession } from "../../src/postgres/connection/read-session.ts";
import type { CliContext, ServerFacts } from "../../src/cli/terminal/context.ts";
import { localProcessorsOf } from "./local-processors.ts";
import { runCli } from "../../src/cli/program.ts";

interface CliRunResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

interface TestCli extends TestPlatform {
  run(...argv: string[]): Promise<CliRunResult>;
  /**
   * `run` with `--json`, on standard input where given; answers the document. Throws when the exit code is
   * not 0.
   */
  json(...argv: string[]): Promise<unknown>;
}

/** For tests: the command line on a real database, with everything that it writes kept. */
export async function createTestCli(changes: Partial<CliContext> = {}): Promise<TestCli> {
  const test = await createTestPlatform();
  const { platform, databaseUrl } = test;

  async function run(...argv: string[]): Promise<CliRunResult> {
    const [stdout, stderr] = [keep(), keep()];
    const exitCode = await runCli(argv, {
      withPlatform: (work) => work(platform),
      migrations: {
        up: () => migrateUp(databaseUrl),
        down: (steps) => migrateDown(databaseUrl, steps),
        risk: (steps) => readRevertRisk(databaseUrl, steps),
        status: () => migrationStatus(databaseUrl),
        pending: () => readSchemaState(databaseUrl),
      },
      explain: (thrown) => Promise.resolve(explainRefusal(thrown)),
      outputSchemas: () => Promise.resolve(new Map()),
      serverFacts: () => readServerFacts(databaseUrl),
      localProcessors: localProcessorsOf(),
      processes: {
        api: () => Promise.resolve(0),
        runner: () => Promise.resolve(0),
        dev: () => Promise.resolve(0),
        demo: () => Promise.resolve(0),
      },
      ...changes,
      stdout,
      stderr,
    });
    return { exitCode, stdout: stdout.text(), stderr: stderr.text() };
  }

  async function json(...argv: string[]): Promise<unknown> {
    const { exitCode, stdout, stderr } = await run(...argv, "--json");
    if (exitCode !== 0 || stderr !== "") throw new Error(`exit ${exitCode}: ${stderr}`);
    return JSON.parse(stdout);
  }

  return { ...test, run, json };
}

/** As src/bin reads them, which doctor.test.ts runs as well. */
async function readServerFacts(databaseUrl: string): Promise<ServerFacts> {
  const { rows } = await runSql<Omit<ServerFacts, "now" | "session" | "host_ahead_ms"> & { now: Date }>(
    databaseUrl,
    "SELECT current_setting('server_version') AS version, current_setting('server_encoding') AS encoding, current_setting('fsync') AS fsync, current_setting('synchronous_commit') AS synchronous_commit, now()",
  );
  if (!rows[0]) throw new Error("no facts");
  const client = await connect(databaseUrl);
  return { ...rows[0], now: rows[0].now.toISOString(), ...(await readSession(client)) };
}

function keep(): Writable & { text(): string } {
  const chunks: Buffer[] = [];
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      chunks.push(chunk);
      done();
    },
  });
  return Object.assign(stream, { text: () => Buffer.concat(chunks).toString() });
}
