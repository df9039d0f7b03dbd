import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { Client } from "pg";
import { generateOpenApi } from "../src/api/openapi.ts";
import { startEmbeddedPostgres } from "../src/local/embedded-postgres.ts";
import { migrateUp } from "../src/postgres/connection/migrator.ts";
import { MIGRATIONS_FOLDER, readSchemaFiles } from "../src/postgres/connection/schema-files.ts";
import { dashboardTypes } from "./api-types.ts";
import { sdkFiles } from "./sdk-types.ts";
import { functionCallers } from "./function-callers.ts";
import { readCatalog } from "./function-catalog.ts";
import { readFunctionHeaders } from "./function-headers.ts";
import { lintConfig } from "./house.ts";
import { architectureWithLimits } from "./limits-table.ts";
import { pythonClient } from "./python-client.ts";
import { readSchemaText } from "./schema-text.ts";

// `npm run generate` writes the generated files. With --check it writes nothing, names those that are out of
// date, and exits 1 when there are any.

const TABLES = "src/postgres/connection/tables.gen.ts";
const FUNCTIONS = "src/postgres/connection/functions.gen.ts";
const OPENAPI = "openapi.json";
const DASHBOARD_TYPES = "dashboard/src/api-types.gen.ts";
const PYTHON_CLIENT = "examples/python/iep_client.py";
const LINT = ".oxlintrc.house.json";
const SCHEMA = "migrations/schema.gen.sql";
/** bigint and timestamptz arrive as src/postgres/connection/pool.ts parses them. */
const TYPES = { int8: "number", timestamptz: "string" };
/**
 * What the catalog cannot say: an item that was refused has no subject, and priorities are checked to be 0, 1
 * or 2.
 */
const COLUMNS = {
  "idempotency_keys.subjects": "Generated<(string | null)[]>",
  "operators.role": '"viewer" | "operator" | "finance" | "admin"',
  "runners.priorities": "(0 | 1 | 2)[] | null",
  ...Object.fromEntries(
    ["jobs", "job_queue", "job_schedule", "job_parked", "job_alone"].map((table) => [
      `${table}.priority`,
      "0 | 1 | 2",
    ]),
  ),
};

const { tables, schema, functions } = await generateFromSchema();
const openapi = await generateOpenApi();
const architecture = await architectureWithLimits();
const generated = new Map([
  ...sdkFiles(openapi),
  [TABLES, tables],
  [SCHEMA, schema],
  [FUNCTIONS, functions],
  [LINT, `${JSON.stringify(lintConfig(), null, 2)}\n`],
  [OPENAPI, `${JSON.stringify(openapi, null, 2)}\n`],
  [DASHBOARD_TYPES, dashboardTypes(openapi)],
  [PYTHON_CLIENT, pythonClient(openapi, await readFile("scripts/python-client-core.py", "utf8"))],
  [architecture.file, architecture.text],
]);

if (process.argv.includes("--check")) {
  const outdated: string[] = [];
  for (const [file, text] of generated)
    if ((await readFile(file, "utf8").catch(() => "")) !== text) outdated.push(file);
  if (outdated.length > 0) {
    console.error(`Out of date: ${outdated.join(", ")}. Run \`npm run generate\` and commit the result.`);
    process.exitCode = 1;
  }
} else {
  for (const [file, text] of generated) await writeFile(file, text);
}

/** Returns what is read from the schema that migrations/ creates, on a PostgreSQL of its own. */
async function generateFromSchema(): Promise<{ tables: string; schema: string; functions: string }> {
  const folder = await mkdtemp(join(tmpdir(), "iep-generate-"));
  const settings = { fsync: "off" };
  const server = await startEmbeddedPostgres({ dataDir: join(folder, "postgres"), settings });
  try {
    await migrateUp(server.url);
    return {
      tables: await generateTables(server.url, join(folder, "tables.gen.ts")),
      schema: await generateSchemaText(server.url),
      functions: await generateFunctions(server.url),
    };
  } finally {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

/** The row types, by kysely-codegen. */
async function generateTables(url: string, out: string): Promise<string> {
  const target = ["--dialect", "postgres", "--url", url, "--out-file", out, "--log-level", "error"];
  const types = ["--exclude-pattern", "schema_*", "--type-mapping", JSON.stringify(TYPES)];
  const columns = ["--overrides", JSON.stringify({ columns: COLUMNS })];
  await promisify(execFile)("npx", ["--no-install", "kysely-codegen", ...target, ...types, ...columns]);
  return await readFile(out, "utf8");
}

async function generateSchemaText(url: string): Promise<string> {
  const files = await readSchemaFiles(MIGRATIONS_FOLDER);
  return await withClient(url, (client) => readSchemaText(client, files.functions));
}

/** Typed callers of the functions. */
async function generateFunctions(url: string): Promise<string> {
  const catalog = await withClient(url, readCatalog);
  return await functionCallers(catalog, await readFunctionHeaders());
}

async function withClient<T>(url: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client(url);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
