import { writeFile } from "node:fs/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { temporaryFolder } from "../../test/support/temporary-folder.ts";
import { databaseAddress } from "../postgres/connection/database-address.ts";
import { ConfigError } from "./config-error.ts";
import { readEnvironment } from "./read-environment.ts";

const home = process.cwd();
beforeEach(async () => process.chdir(await temporaryFolder()));
afterEach(() => process.chdir(home));

/** What this environment gives beside this `.env`: values, or the fault; and the warnings. */
async function read(environment: Record<string, string>, dotEnv?: string | Buffer) {
  if (dotEnv !== undefined) await writeFile(".env", dotEnv);
  const warnings: string[] = [];
  try {
    const config = readEnvironment({ ...environment }, (line) => warnings.push(line));
    return { config, warnings, fault: undefined };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { config: undefined, warnings, fault: String(error) };
  }
}

const LINES = "DATABASE_URL=postgres://a:b@127.0.0.1:5/c\nPORT=3111\n";
const utf16be = Buffer.from(`\uFEFF${LINES}`, "utf16le").swap16();

test.each([
  ["UTF-8", LINES],
  ["a byte order mark", `\uFEFF${LINES}`],
  ["CRLF", LINES.replaceAll("\n", "\r\n")],
  ["CR", LINES.replaceAll("\n", "\r")],
  ["UTF-16 LE", Buffer.from(`\uFEFF${LINES}`, "utf16le")],
  ["UTF-16 BE", utf16be],
  ["UTF-16 LE without a mark", Buffer.from(LINES, "utf16le")],
  ["UTF-16 BE without a mark", utf16be.subarray(2)],
  ["export, quotes and comments", `# first\nexport ${LINES.replace("PORT=3111", "PORT = '3111' # third")}`],
])(".env in %s is read", async (_form, text) => {
  const { config, warnings } = await read({}, text);
  expect(config).toMatchObject({ DATABASE_URL: "postgres://a:b@127.0.0.1:5/c", PORT: 3111 });
  expect(warnings).toEqual([]);
});

test.each([
  ["bytes that are no UTF-8", Buffer.from("PORT=3111\nHOST=\xe4\n", "latin1"), /not UTF-8/],
  ["a line without =", "HOST=localhost\nDATABASE_URL: postgres://x\nPORT=3111\n", /line 2 is no NAME=value/],
])(".env with %s is refused", async (_form, text, message) => {
  expect((await read({}, text)).fault).toMatch(message);
});

test.each([
  ["DATABASE_URI=postgres://127.0.0.1/iep", "DATABASE_URL"],
  ["DATABASEURL=postgres://127.0.0.1/iep", "DATABASE_URL"],
  ["database_url=postgres://127.0.0.1/iep", "DATABASE_URL"],
  ["DATABASE_ULR=postgres://127.0.0.1/iep", "DATABASE_URL"],
  ["REDIS_URI=redis://127.0.0.1", "REDIS_URL"],
  ["RUNNER_CONCURENCY=abc", "RUNNER_CONCURRENCY"],
  ["RUNER_CONCURENCY=abc", "RUNNER_CONCURRENCY"],
  ["PROCESSOR_DIR=./p", "PROCESSORS_DIR"],
  ["LOGLEVEL=debug", "LOG_LEVEL"],
  ["PRIORITY_AGEING_SECONDS=3", "PRIORITY_AGING_SECONDS"],
])("%s in .env is a fault that names %s; in the environment it is a warning", async (line, meant) => {
  const [name = "", value = ""] = line.split("=");
  const inEnvironment = await read({ [name]: value });
  expect(inEnvironment).toMatchObject({
    fault: undefined,
    warnings: [`Nothing reads the variable ${name}. Is it ${meant}?`],
  });
  const { fault } = await read({}, line);
  expect(fault).toContain(`${name}: nothing reads this name, which stands in .env: write ${meant}`);
  // Beside the right one it does no harm.
  const beside = await read({ [meant]: RIGHT[meant] ?? "" });
  expect(beside).toMatchObject({
    fault: undefined,
    warnings: [`.env: nothing reads ${name}. Is it ${meant}?`],
  });
});

const RIGHT: Readonly<Record<string, string>> = {
  DATABASE_URL: "postgres://127.0.0.1/iep",
  REDIS_URL: "redis://127.0.0.1",
  RUNNER_CONCURRENCY: "1",
  PROCESSORS_DIR: ".",
  LOG_LEVEL: "info",
  PRIORITY_AGING_SECONDS: "1",
};

test("a name that another program may read is asked about, also in .env; others are nobody's business", async () => {
  const { fault, warnings } = await read({}, "POSTGRES_URL=postgres://127.0.0.1/iep\nGREETING=hello\n");
  expect(fault).toBeUndefined();
  expect(warnings).toEqual([".env: nothing reads POSTGRES_URL. Is it DATABASE_URL?"]);
  const names =
    "HOSTNAME POST PORTS REDIS_PORT DATABASE_SSL DATABASE_USER RUNNER_OS RUNNER_NAME NODE_ENV PGHOST";
  const others = Object.fromEntries(names.split(" ").map((name) => [name, "x"]));
  expect((await read({ ...others, DATABASE_URL: "postgres://h/d" }, "")).warnings).toEqual([]);
});

test("a byte order mark before a name of the environment is seen", async () => {
  expect((await read({ "\uFEFFDATABASE_URL": "postgres://h/d" })).warnings).toEqual([
    String.raw`Nothing reads the variable "\ufeffDATABASE_URL". Is it DATABASE_URL?`,
  ]);
});

test("a name that stands twice in .env is told; the last one counts, and a text of several lines is no name", async () => {
  const { config, warnings } = await read({}, 'PORT=1\nNOTE="a\nPORT=2"\nHOST=h\nPORT=3\n');
  expect(config?.PORT).toBe(3);
  expect(warnings).toEqual([".env: PORT stands there twice. The last one counts."]);
});

test.each([
  "postgres://iep:12#sesame@127.0.0.1:1/iep",
  "postgres://iep:12?sesame@127.0.0.1:1/iep",
  "postgres://iep:12?se=sesame@127.0.0.1:1/iep",
  "postgres://iep:12/sesame@127.0.0.1:1/iep",
  "postgres://ie/p:sesame@127.0.0.1:1/iep",
  "postgres://iep:p@12/sesame@127.0.0.1:1/iep",
  "postgres://iep:sesame%ff@127.0.0.1:1/iep",
  "postgres://iep:sesame]@[127.0.0.1:1/iep",
  "postgres://iep:sesame@a:1,b:2/iep",
  "postgresql:sesame@",
  "mysql://iep:sesame@127.0.0.1/iep",
  "postgres://iep:sesame@127.0.0.1/iep?sslmode=prefer",
  "postgres://iep:sesame@127.0.0.1/iep?sslmode=sesame",
  "postgres://iep:sesame@127.0.0.1/iep?sslmode=verify-ca",
])("%s is refused, and the fault shows nothing of it", async (DATABASE_URL) => {
  const { fault } = await read({ DATABASE_URL });
  expect(fault).toMatch(/DATABASE_URL: (?:must be|has a|sslmode)/);
  expect(fault).not.toContain("sesame");
});

test.each(["redis://iep:12#sesame@127.0.0.1:1/0", "redis://iep:12/sesame@127.0.0.1:1/0", "http://:sesame@h"])(
  "%s is refused, and the fault shows nothing of it",
  async (REDIS_URL) => {
    const { fault } = await read({ REDIS_URL });
    expect(fault).toMatch(/REDIS_URL: (?:must be|has a)/);
    expect(fault).not.toContain("sesame");
  },
);

test.each([
  ["postgres://iep:sesame@127.0.0.1:7/iep", "127.0.0.1:7/iep"],
  ["postgres://iep:p%23%3F%2Fsesame@h/iep", "h:5432/iep"],
  ["postgres://iep:50%sesame@h/iep", "h:5432/iep"],
  ["postgres://iep:a@sesame@h/iep", "h:5432/iep"],
  ["postgres://127.0.0.1:1/iep?user=iep&password=sesame", "127.0.0.1:1/iep"],
  ["postgres://iep:sesame@%2Fvar%2Frun%2Fpostgresql/iep", "/var/run/postgresql:5432/iep"],
  ["postgres:///iep?host=/tmp&port=6&password=sesame", "/tmp:6/iep"],
  ["postgres://iep:sesame@[::1]:7", "[::1]:7"],
])("%s is accepted, and shown as %s", async (DATABASE_URL, address) => {
  const { config, fault } = await read({ DATABASE_URL });
  expect(fault).toBeUndefined();
  expect(databaseAddress(config?.DATABASE_URL ?? "")).toBe(address);
});

test("what a URL says, no PG… variable changes; what it leaves open, they say as in psql", async () => {
  const shell = { PGHOST: "other", PGPORT: "9", PGOPTIONS: "-c search_path=shell", PGSSLMODE: "require" };
  const said = "postgres://a:b@h:1/c?options=-c%20search_path%3Dapp&sslmode=disable";
  expect((await read({ ...shell, DATABASE_URL: said })).config?.DATABASE_URL).toBe(said);
  const { searchParams } = new URL(
    (await read({ ...shell, DATABASE_URL: "postgres:///c" })).config?.DATABASE_URL ?? "",
  );
  expect(Object.fromEntries(searchParams)).toEqual({
    host: "other",
    port: "9",
    options: "-c search_path=shell",
    sslmode: "require",
  });
  const lax = await read({ PGSSLMODE: "prefer", DATABASE_URL: "postgres://h/c" });
  expect(lax.config?.DATABASE_URL).toBe("postgres://h/c");
});

test("a parameter that other drivers know is told", async () => {
  const { warnings } = await read({ DATABASE_URL: "postgres://h/c?schema=app&statement_timeout=0" });
  expect(warnings).toEqual([
    "DATABASE_URL: the parameter schema has no effect: options=-c%20search_path%3D… names a schema.",
    "DATABASE_URL: the parameter statement_timeout has no effect: the platform sets its own bounds.",
  ]);
});
