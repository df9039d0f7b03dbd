import { v7 as uuidv7 } from "uuid";
import { beforeEach, expect, test } from "vitest";
import { atTheEnd } from "../../../test/support/cleanup.ts";
import { createTestDatabase } from "../../../test/support/database.ts";
import { waitFor } from "../../../test/support/wait-for.ts";
import type { JobChanges } from "../../core/model/job-changes.ts";
import { createDatabase, type Database } from "../connection/database.ts";
import { openPool, RUNNER_LIMITS } from "../connection/pool.ts";
import { createJobChanges } from "./job-changes.ts";
import { createListener, type Listener } from "./listener.ts";

const TIMES = { announced_ms: 200, believed_ms: 1_500 };
/** A change that has not been told after so long is kept back. */
const TOLD_WITHIN_MS = 1_000;

interface Process extends JobChanges {
  /** All that it told so far. */
  readonly told: string[];
}

let databaseUrl: string;

beforeEach(async () => {
  databaseUrl = (await createTestDatabase()).url;
});

test("where nobody watches, nothing is told after a while, and all is when somebody begins", async () => {
  const teller = open();
  await waitFor(() => isSilent(teller), { describe: "silence" });
  open().watch(uuidv7(), () => undefined);
  await waitFor(async () => !(await isSilent(teller)), { describe: "a change that is told" });
});

test("what happens between the first look of a watcher and the moment when others hear of it is not lost", async () => {
  const [teller, watching] = [open(), open()];
  // From here on it listens, so that only the teller can make it look.
  watching.watch(uuidv7(), () => undefined)();
  await waitFor(() => isSilent(teller), { describe: "silence" });
  const id = uuidv7();
  let looks = 0;
  watching.watch(id, () => (looks += 1));
  teller.tell({ id, customer_id: uuidv7() }, "ended");
  await waitFor(() => looks > 0, { describe: "a reason to look" });
  expect(teller.told.some((one) => one.includes(id))).toBe(false);
});

test("as long as somebody watches, all is told", async () => {
  const [teller, watching] = [open(), open()];
  const unwatch = watching.watch(uuidv7(), () => undefined);
  const until = performance.now() + 2 * TIMES.believed_ms;
  while (performance.now() < until) expect(await isSilent(teller)).toBe(false);
  unwatch();
  await waitFor(() => isSilent(teller), { describe: "silence" });
});

test("a process that cannot hear whether somebody watches tells all", async () => {
  const teller = open({ listen: (_channel, ear) => ear.opened(), close: () => Promise.resolve() });
  const until = performance.now() + 2 * TIMES.believed_ms;
  while (performance.now() < until) expect(await isSilent(teller)).toBe(false);
});

function open(listener: Listener = createListener(databaseUrl)): Process {
  const pool = openPool({ url: databaseUrl, size: 2, name: "test", limits: RUNNER_LIMITS });
  const database = createDatabase(pool);
  const told: string[] = [];
  const noted: Database = {
    ...database,
    call: (statement, values) => {
      if (statement.name === "tell_job_changes") told.push(String(values[0]));
      return database.call(statement, values);
    },
  };
  const changes = createJobChanges(noted, listener, TIMES);
  atTheEnd(async () => {
    await changes.close();
    await listener.close();
    await pool.end();
  });
  return { ...changes, told };
}

/** Whether it keeps a change back. */
async function isSilent(teller: Process): Promise<boolean> {
  const id = uuidv7();
  teller.tell({ id, customer_id: uuidv7() }, "changed");
  return await waitFor(() => teller.told.some((one) => one.includes(id)), {
    timeoutMs: TOLD_WITHIN_MS,
  }).then(
    () => false,
    () => true,
  );
}
