import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { declaredNames, type DeclaredName } from "./declared-names.ts";

/*
 * The rule of case, for every name of more than one word that is declared in src/:
 *
 * 1. A value in a unit ends in that unit and is snake_case: `wait_ms`, `cost_cents`, `started_at`.
 * 2. Every other name is camelCase, unless it is the name of a column, or of a member of our JSON.
 *
 * Constants (`READY_WINDOW`) and types have a case of their own. A function that returns a value in a unit
 * may have either: it is named for what it does (`formatSeconds`), or for what it returns (`contact_ms`).
 */

const REPOSITORY = fileURLToPath(new URL("../..", import.meta.url));

const UNITS: ReadonlySet<string> = new Set(
  "at ms second seconds minute minutes hours days cents bytes mb mib".split(" "),
);

/**
 * JSON that no generated file describes: what functions of the database return, and what the CLI and
 * processors read and write.
 */
const OTHER_JSON: ReadonlySet<string> = new Set([
  // Rows of functions of the database.
  "lease_id",
  "queue_paused",
  "refused_attempt",
  "sealed_entries",
  "first_links",
  "use_to_note",
  // Settings of PostgreSQL.
  "synchronous_commit",
  "query_timeout",
  // Lines of the log.
  "trace_id",
  // `iep doctor --json`, the files in .data/.
  "way_out",
  "api_url",
  "sign_in_url",
  "database_url",
  "redis_url",
  "admin_api_key",
  // What a command reads from stdin.
  "idempotency_key",
  // Inputs and outputs of the shipped processors.
  "content_base64",
  "media_type",
  "distinct_is_capped",
  "fail_rate",
]);

/** commander turns `--cost-cents` into `costCents` by itself. */
const isOptionOfCommander = ({ file, name }: DeclaredName): boolean =>
  file.startsWith("src/cli/commands/") && ["amountCents", "costCents"].includes(name);

test("names of src/ follow the rule of case", async () => {
  const known = new Set([...(await columns()), ...(await membersOfTheApi()), ...OTHER_JSON]);
  const names = declaredNames(REPOSITORY).filter(
    ({ file }) => file.startsWith("src/") && !file.endsWith(".gen.ts"),
  );
  expect(names.length).toBeGreaterThan(1_000);
  const wrong = names.filter((name) => isWrong(name, known)).filter((name) => !isOptionOfCommander(name));
  expect([...new Set(wrong.map(({ file, name }) => `${file}: ${name}`))]).toEqual([]);
});

test("each breach of the rule is found, and nothing else", async () => {
  const folder = await temporaryFolder();
  await writeFile(join(folder, "tsconfig.json"), '{ "include": ["*.ts"] }');
  await writeFile(
    join(folder, "probe.ts"),
    `
    const leftMs = 1, left_ms = 1, MAX_MS = 1, in_flight = 1, inFlight = 1, customer_id = "", ms = 1;
    const { createdAt, created_at, until_when, a: isRenamed } = await import("./elsewhere.ts");
    function formatBytes(size_bytes: number, chunkBytes: number, max_size: number, _unused_one: number) {}
    const retryDelaySeconds = () => 1, look_up = () => 1;
    interface Limits { maxCents: number; max_cents: number; wait_ms: () => number; readAt(): number; batch_max: number }
    class Clock { #startedAt = 0; #started_at = 0; #last_seen = 0; get idleMs() { return 0 } stop_now() {} }
    const settings = { statement_timeout: 1, timeoutMs: 2 };
    `,
  );
  const known = new Set(["customer_id"]);
  const wrong = declaredNames(folder).filter((name) => isWrong(name, known));
  expect(wrong.map(({ name }) => name)).toEqual([
    "leftMs",
    "in_flight",
    "createdAt",
    "until_when",
    "chunkBytes",
    "max_size",
    "unused_one",
    "look_up",
    "maxCents",
    "batch_max",
    "startedAt",
    "last_seen",
    "idleMs",
    "stop_now",
  ]);
});

/** `known`: names of columns and of members of JSON. */
function isWrong({ name, kind }: DeclaredName, known: ReadonlySet<string>): boolean {
  if (name === name.toUpperCase()) return false;
  const words = name.split(/_|(?=[A-Z])/).map((word) => word.toLowerCase());
  if (words.length === 1) return false;
  const hasUnit = UNITS.has(words.at(-1) ?? "");
  if (name.includes("_")) return !hasUnit && !known.has(name);
  return hasUnit && kind === "value" && /^[a-z]/.test(name);
}

/** Names of columns, from what is generated from the database. */
async function columns(): Promise<string[]> {
  const text = await readFile(join(REPOSITORY, "src/postgres/connection/tables.gen.ts"), "utf8");
  return [...text.matchAll(/^ +(\w+): /gm)].map(([, name = ""]) => name);
}

/** Names of members of what the API reads and writes, and of its parameters. */
async function membersOfTheApi(): Promise<string[]> {
  const names: string[] = [];
  const text = await readFile(join(REPOSITORY, "openapi.json"), "utf8");
  JSON.parse(text, (key, value: unknown) => {
    if (key === "properties" && typeof value === "object" && value !== null)
      names.push(...Object.keys(value));
    if (key === "name" && typeof value === "string") names.push(value);
    return value;
  });
  return names;
}
