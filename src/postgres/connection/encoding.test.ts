import { randomBytes } from "node:crypto";
import { expect, inject, test } from "vitest";
import { atTheEnd } from "../../../test/support/cleanup.ts";
import { connect, runSql } from "../../../test/support/sql.ts";
import { findEncodingFault, findVersionFault } from "../../core/model/database-fault.ts";
import { migrateUp } from "./migrator.ts";

test.each(["SQL_ASCII", "LATIN1"])(
  "a database in %s is refused before the first migration",
  async (encoding) => {
    const admin = inject("postgresUrl");
    const name = `enc_${randomBytes(4).toString("hex")}`;
    await runSql(
      admin,
      `CREATE DATABASE ${name} ENCODING '${encoding}' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'`,
    );
    atTheEnd(() => runSql(admin, `DROP DATABASE ${name} WITH (FORCE)`));
    const url = new URL(admin);
    url.pathname = `/${name}`;
    await expect(migrateUp(url.href)).rejects.toThrow(
      `nothing was migrated in the database ${name}: the encoding of the database is ${encoding}, not UTF8: create another ` +
        "one: CREATE DATABASE iep ENCODING 'UTF8' TEMPLATE template0",
    );
    const client = await connect(url.href);
    const { rows } = await client.query(
      "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace",
    );
    expect(rows).toEqual([]);
  },
);

test("the oldest PostgreSQL is 15", () => {
  expect(findVersionFault({ version: "14.20 (Debian 14.20-1)" })?.way_out).toBe(
    "upgrade to PostgreSQL 15 or newer",
  );
  expect(["15.0", "18.1 (Debian 18.1-1)"].map((version) => findVersionFault({ version }))).toEqual([
    undefined,
    undefined,
  ]);
  expect(findEncodingFault({ encoding: "UTF8" })).toBeUndefined();
});
