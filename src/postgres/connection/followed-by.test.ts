import { expect, test } from "vitest";
import { createTestDatabase } from "../../../test/support/database.ts";
import { connect } from "../../../test/support/sql.ts";
import { startTcpProxy } from "../../../test/support/tcp-proxy.ts";
import { waitFor } from "../../../test/support/wait-for.ts";
import { atTheEnd } from "../../../test/support/cleanup.ts";
import { createDatabase, type Database } from "./database.ts";
import { openPool, REQUEST_LIMITS } from "./pool.ts";

const RING = { name: "ring", text: "SELECT pg_notify('rung', (SELECT count(*)::text FROM stored))" };
const STORE = { name: "store", text: "INSERT INTO stored VALUES ($1::int) RETURNING id" };

test("what follows a call runs when that is committed, while its answer is on the way", async () => {
  const { database, heard, proxy } = await open();
  await database.call({ name: "warm", text: "SELECT 1" }, []);
  proxy.delayAnswers(2_000);
  let answered = false;
  const stored = database.followedBy(RING).call(STORE, [1]);
  void stored.then(() => (answered = true));
  await waitFor(() => heard.length > 0, { describe: () => "the ring" });
  expect([heard, answered]).toEqual([["1"], false]);
  expect(await stored).toEqual([[1]]);
});

test("one connection serves one call after the other", async () => {
  const { database, heard } = await open();
  const ringing = database.followedBy(RING);
  expect(await Promise.all([1, 2, 3].map((id) => ringing.call(STORE, [id])))).toEqual([[[1]], [[2]], [[3]]]);
  await waitFor(() => heard.length === 3, { describe: () => `${heard.length} rings of 3` });
  expect(heard).toEqual(["1", "2", "3"]);
});

test("a call that fails is followed all the same, and one whose follower fails has not failed", async () => {
  const { database, heard } = await open();
  await database.followedBy(RING).call(STORE, [1]);
  await expect(database.followedBy(RING).call(STORE, [1])).rejects.toMatchObject({ code: "23505" });
  await waitFor(() => heard.length === 2, { describe: () => "a second ring" });
  const failing = database.followedBy({ name: "fails", text: "SELECT 1 / 0" });
  expect(await failing.call(STORE, [2])).toEqual([[2]]);
  expect(await failing.call(STORE, [3])).toEqual([[3]]);
});

async function open(): Promise<{
  database: Database;
  heard: string[];
  proxy: Awaited<ReturnType<typeof startTcpProxy>>;
}> {
  const { url } = await createTestDatabase();
  const listener = await connect(url);
  await listener.query("CREATE TABLE stored (id int PRIMARY KEY)");
  const heard: string[] = [];
  listener.on("notification", ({ payload }) => heard.push(payload ?? ""));
  await listener.query("LISTEN rung");
  const proxy = await startTcpProxy(url);
  const pool = openPool({ url: proxy.url, size: 1, name: "test", limits: REQUEST_LIMITS });
  atTheEnd(() => pool.end());
  return { database: createDatabase(pool), heard, proxy };
}
