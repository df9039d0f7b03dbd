import { randomBytes } from "node:crypto";
import { createServer, type AddressInfo } from "node:net";
import { once } from "node:events";
import { Client } from "pg";
import { expect, inject, test } from "vitest";
import { atTheEnd } from "../../../test/support/cleanup.ts";
import { createTestDatabase } from "../../../test/support/database.ts";
import { connect, runSql } from "../../../test/support/sql.ts";
import { toPlatformError } from "./errors.ts";
import { explainRefusal } from "./explain-refusal.ts";

/** What the driver throws for this URL. */
async function failureOf(url: string): Promise<unknown> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 500 });
  client.on("error", () => undefined);
  try {
    await client.connect();
    await client.query("CREATE TABLE probe ()");
  } catch (error) {
    return error;
  } finally {
    await client.end().catch(() => undefined);
  }
  throw new Error("nothing failed");
}

test.each([
  [
    "a wrong password",
    { password: "wrong" },
    'refuses: password authentication failed for user "postgres"',
    "correct the password",
  ],
  ["a role that is not there", { username: "nobody" }, "authentication failed", "correct the"],
  [
    "a database that is not there",
    { pathname: "/nosuch" },
    'refuses: database "nosuch" does not exist',
    "createdb",
  ],
  ["no password", { password: "" }, "wants a password, and DATABASE_URL has none", "put the password"],
  ["TLS", { search: "?sslmode=no-verify" }, "does not offer TLS", "sslmode=disable"],
  [
    "a port where nothing listens",
    { port: "1" },
    "does not answer: connect ECONNREFUSED",
    "start PostgreSQL",
  ],
  [
    "a host without an address",
    { hostname: "no-such-host.invalid" },
    "does not answer: getaddrinfo",
    "the host in DATABASE_URL",
  ],
])("%s", async (_fault, change, found, way_out) => {
  const url = Object.assign(new URL((await createTestDatabase()).url), change);
  const refusal = explainRefusal(await failureOf(url.href));
  expect(refusal?.found).toContain(found);
  expect(refusal?.way_out).toContain(way_out);
});

test("a server that is silent gave no connection in time", async () => {
  const silent = createServer(() => undefined).listen(0, "127.0.0.1");
  await once(silent, "listening");
  atTheEnd(() => Promise.resolve(silent.close()));
  const { port } = silent.address() as AddressInfo; // Of TCP, so it is no path.
  const refusal = explainRefusal(await failureOf(`postgres://a:b@127.0.0.1:${port}/c`));
  expect(refusal?.found).toBe("gave no connection in time");
});

test("a role that may not, and too many connections", async () => {
  const role = `limited_${randomBytes(4).toString("hex")}`;
  const { url } = await createTestDatabase();
  await runSql(url, `CREATE ROLE ${role} LOGIN PASSWORD 'x' CONNECTION LIMIT 1`);
  atTheEnd(() => runSql(inject("postgresUrl"), `DROP ROLE ${role}`));
  const limited = Object.assign(new URL(url), { username: role, password: "x" }).href;
  expect(explainRefusal(await failureOf(limited))).toMatchObject({
    found: "refuses: permission denied for schema public",
    way_out: expect.stringContaining("grant it to the role"),
  });
  const holder = await connect(limited);
  expect(explainRefusal(await failureOf(limited))).toMatchObject({
    found: `refuses: too many connections for role "${role}"`,
    way_out: expect.stringContaining("DATABASE_POOL_SIZE"),
  });
  await holder.end();
});

test("an error on its way through the repositories keeps its reason, and a bug has none", async () => {
  const mapped = toPlatformError(await failureOf("postgres://a:b@127.0.0.1:1/c"));
  expect(explainRefusal(mapped)?.found).toContain("ECONNREFUSED");
  expect(explainRefusal(new TypeError("a bug"))).toBeUndefined();
  expect(
    explainRefusal(Object.assign(new Error("no file"), { code: "ENOENT", syscall: "open" })),
  ).toBeUndefined();
});
