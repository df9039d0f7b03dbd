import { expect, test } from "vitest";
import { createTestDatabase } from "../../../test/support/database.ts";
import { atTheEnd } from "../../../test/support/cleanup.ts";
import { pgbouncerVersion, startPgbouncer } from "../../../test/support/pgbouncer.ts";
import { connect, runSql } from "../../../test/support/sql.ts";
import { PlatformError } from "../../core/lib/errors.ts";
import { checkSession } from "./check-session.ts";
import { createDatabase } from "./database.ts";
import { openPool, REQUEST_LIMITS } from "./pool.ts";
import { SessionError } from "./session-error.ts";
import { valueParsers } from "./value-parsers.ts";

const hasPgbouncer = (await pgbouncerVersion()) !== undefined;

/** A database whose sessions have other settings than ours unless they ask. */
async function createAltered(settings: Readonly<Record<string, string>>): Promise<string> {
  const { url } = await createTestDatabase();
  const name = new URL(url).pathname.slice(1);
  for (const [setting, value] of Object.entries(settings))
    await runSql(url, `ALTER DATABASE ${name} SET ${setting} = '${value}'`);
  return url;
}

function withOptions(url: string, options: string): string {
  const target = new URL(url);
  target.searchParams.set("options", options);
  return target.href;
}

function open(url: string, warn?: (line: string) => void) {
  const pool = openPool({ url, size: 1, name: "test", limits: REQUEST_LIMITS, warn });
  atTheEnd(() => pool.end());
  return pool;
}

const HOSTILE = {
  timezone: "America/New_York",
  datestyle: "SQL, DMY",
  intervalstyle: "sql_standard",
  bytea_output: "escape",
  extra_float_digits: "-15",
  standard_conforming_strings: "off",
  array_nulls: "off",
  client_encoding: "LATIN1",
  default_transaction_isolation: "serializable",
};

const VALUES = `SELECT '2026-01-02 03:04:05+00'::timestamptz AS time, 0.1::float8 + 0.2::float8 AS float,
  '{NULL}'::text[] AS list, '\\'::text AS backslash, '日' AS text, '\\x00ff'::bytea AS bytes,
  '26 hours'::interval::text AS span, current_setting('transaction_isolation') AS isolation,
  current_setting('statement_timeout') AS statement_timeout`;
const RIGHT = {
  time: "2026-01-02T03:04:05Z",
  float: 0.30000000000000004,
  list: "{NULL}",
  backslash: "\\",
  text: "日",
  bytes: "\\x00ff",
  span: "26:00:00",
  isolation: "read committed",
  statement_timeout: "5s",
};

test.each([
  ["the database", {}],
  [
    "`options` in the URL",
    { options: "-c search_path=app -c timezone=America/New_York -c datestyle=German" },
  ],
])(
  "whatever %s says, values are read right, and a search_path stays",
  async (_whose, { options }: { options?: string }) => {
    const altered = await createAltered({ ...HOSTILE, search_path: "app" });
    const pool = open(options === undefined ? altered : withOptions(altered, options));
    const { rows } = await pool.query(VALUES);
    expect(rows[0]).toEqual(RIGHT);
    expect((await pool.query("SHOW search_path")).rows).toEqual([{ search_path: "app" }]);
  },
);

test.each(Object.entries(HOSTILE))(
  "a session that did not get our settings is refused for %s, with the way out",
  async (name, value) => {
    const url = await createAltered({ [name]: value });
    // As behind a pooler that drops the start-up parameter `options`.
    const client = await connect(url);
    if (name === "client_encoding") await client.query(`SET client_encoding = '${value}'`);
    const error = await checkSession(client).catch((refusal: unknown) => refusal);
    expect(error).toBeInstanceOf(SessionError);
    expect(String(error)).toMatch(new RegExp(`have ${name} ${value.slice(0, 3)}`, "i"));
    expect(String(error)).toMatch(new RegExp(`ALTER ROLE \\w+ IN DATABASE \\w+ SET ${name} = '`, "i"));
  },
);

test("a setting that no connection can ask for is refused by the pool: unavailable, and the cause says why", async () => {
  const url = await createAltered({ session_replication_role: "replica" });
  const database = createDatabase(open(url));
  const error = await database
    .call({ name: "one", text: "SELECT 1" }, [])
    .catch((refusal: unknown) => refusal);
  expect(error).toBeInstanceOf(PlatformError);
  expect(error).toMatchObject({ code: "unavailable", cause: expect.any(SessionError) as unknown });
  // And once somebody mends it, the same pool goes on.
  await runSql(url, `ALTER DATABASE ${new URL(url).pathname.slice(1)} RESET session_replication_role`);
  expect(await database.call({ name: "one", text: "SELECT 1" }, [])).toEqual([[1]]);
});

test.each(["UTC", "Etc/UTC", "GMT"])(
  "a session in %s that asked for nothing is fine; bounds that it lacks are told",
  async (zone) => {
    const url = await createAltered({ timezone: zone, lock_timeout: "3s" });
    const client = await connect(url);
    await client.query("SET extra_float_digits = 1");
    expect(await checkSession(client)).toMatch(
      /have no statement_timeout, no idle_in_transaction_session_timeout: .*ALTER ROLE \w+ IN DATABASE \w+ SET statement_timeout/,
    );
  },
);

test("a time that is not UTC is an error, never another time", () => {
  const parse = valueParsers.getTypeParser(1184);
  expect(parse("2026-01-02 03:04:05.5+00")).toBe("2026-01-02T03:04:05.5Z");
  for (const text of [
    "2026-01-02 03:04:05-05",
    "2026-01-02 03:04:05+05:30",
    "02.01.2026 03:04:05 UTC",
    "infinity",
  ])
    expect(() => parse(text)).toThrow(SessionError);
});

test.skipIf(!hasPgbouncer)(
  "behind a pooler that drops `options`: refused without settings of the role, right with them",
  async () => {
    const url = await createAltered({
      timezone: "Asia/Tokyo",
      default_transaction_isolation: "repeatable read",
    });
    const pooled = await startPgbouncer(url);
    const refused = await open(pooled)
      .query("SELECT now()")
      .catch((error: unknown) => error);
    expect(String(refused)).toMatch(/default_transaction_isolation repeatable read.*ALTER ROLE/);

    const name = new URL(url).pathname.slice(1);
    for (const setting of ["timezone = 'UTC'", "default_transaction_isolation = 'read committed'"])
      await runSql(url, `ALTER ROLE postgres IN DATABASE ${name} SET ${setting}`);
    const warnings: string[] = [];
    const pool = open(await startPgbouncer(url), (line) => warnings.push(line));
    const { rows } = await pool.query("SELECT '2026-01-02 03:04:05+00'::timestamptz AS time");
    expect(rows).toEqual([{ time: "2026-01-02T03:04:05Z" }]);
    expect(warnings).toEqual([expect.stringContaining("no statement_timeout, no lock_timeout")]);
  },
);
