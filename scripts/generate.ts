import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { generateOpenApi } from "../src/api/openapi.ts";
import { startEmbeddedPostgres } from "../src/local/embedded-postgres.ts";
import { lintConfig } from "./house.ts";
import { migrateUp } from "../src/postgres/connection/migrator.ts";

// `npm run generate` writes what is made from something else; with --check it says what is out of date, and exits 1.

const TABLES = "src/postgres/connection/tables.gen.ts";
const OPENAPI = "openapi.json";
const LINT = ".oxlintrc.house.json";
/** bigint and timestamptz arrive as src/postgres/connection/pool.ts parses them. */
const TYPES = { int8: "number", timestamptz: "string" };

const made = new Map([
  [TABLES, await generateTables()],
  [LINT, `${JSON.stringify(lintConfig(), null, 2)}\n`],
  [OPENAPI, `${JSON.stringify(await generateOpenApi(), null, 2)}\n`],
]);

if (process.argv.includes("--check")) {
  const outdated: string[] = [];
  for (const [file, text] of made)
    if ((await readFile(file, "utf8").catch(() => "")) !== text) outdated.push(file);
  if (outdated.length > 0) {
    console.error(`Out of date: ${outdated.join(", ")}. Run \`npm run generate\` and commit the result.`);
    process.exitCode = 1;
  }
} else {
  for (const [file, text] of made) await writeFile(file, text);
}

/** The row types of the schema that the migrations make, by kysely-codegen on a PostgreSQL that lives for this moment. */
async function generateTables(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "iep-generate-"));
  const server = await startEmbeddedPostgres({
    dataDir: join(folder, "postgres"),
    settings: { fsync: "off" },
  });
  try {
    await migrateUp(server.url);
    const out = join(folder, "tables.gen.ts");
    const target = ["--dialect", "postgres", "--url", server.url, "--out-file", out];
    const types = ["--exclude-pattern", "schema_migrations", "--type-mapping", JSON.stringify(TYPES)];
    await promisify(execFile)("npx", [
      "--no-install",
      "kysely-codegen",
      ...target,
      ...types,
      "--log-level",
      "error",
    ]);
    return await readFile(out, "utf8");
  } finally {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  }
}
