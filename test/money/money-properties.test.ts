import * as fc from "fast-check";
import { Client } from "pg";
import { describe, expect, test } from "vitest";
import type { OpenPlatform } from "../../src/bin/open-platform.ts";
import type { Job } from "../../src/core/model/job.ts";
import type { Wallet, WalletEntry } from "../../src/core/model/wallet.ts";
import { findFaults, replayLedger } from "./money-model.ts";
import { atTheEnd } from "../support/cleanup.ts";
import { createTestDatabase } from "../support/database.ts";
import { removeGuard } from "../guards/guard-database.ts";
import { JOB_CLAUSES } from "../guards/guard-job-clauses.ts";
import { POST_CLAUSES } from "../guards/guard-post-clauses.ts";
import { SUBMIT_CLAUSES } from "../guards/guard-submit-clauses.ts";
import { type CommandKind, REFUSALS, type Sequence, sequence } from "./money-commands.ts";
import { findBrokenAnswers } from "./money-answers.ts";
import { Tally } from "./money-tally.ts";
import { type Actor, MoneyWorld } from "./money-world.ts";
import { brokenPromises, createRunner, createTestPlatform } from "../support/test-platform.ts";

const isLong = process.env["LONG_TESTS"] === "1";
const SEQUENCES = isLong ? 2_000 : 100;
const TIMEOUT_MS = isLong ? 20 * 60_000 : 60_000;
/** Sequences that share a database: the audit reads all of it after each. */
const ROUND = 200;
/** Sequences that fast-check may run to make a failing one smaller: a race may hide, so more would not help. */
const SHRINKS_MAX = 200;
const ACTORS_MAX = 4;
const PLATFORMS = 3;

test(
  `after each of ${SEQUENCES} random sequences of concurrent commands every wallet is what the model says`,
  async () => {
    const tally = new Tally();
    const started = performance.now();
    for (let done = 0; done < SEQUENCES; done += ROUND) {
      const bench = await openBench();
      await fc.assert(keepsPromises(bench, tally), { numRuns: Math.min(ROUND, SEQUENCES - done) });
      await sealAll(bench);
      expect(await findBrokenSeals(bench)).toEqual([]);
      await bench.close();
    }
    const took_s = ((performance.now() - started) / 1_000).toFixed(1);
    console.log(
      `${SEQUENCES} sequences, ${tally.commands} commands in ${took_s} s; refused: ${JSON.stringify(tally.refusals())}`,
    );
    expect(findNeverSeen(tally)).toEqual([]);
  },
  TIMEOUT_MS,
);

// The sequences would pass on anything if they looked at nothing.
test.each([
  "submit_keyed_jobs: what was made is not made again",
  "settle_jobs: only a running job is settled",
  "cancel_job: what has ended stays as it ended",
  "post_entries: a reference stands for one movement",
  "refund_job: a reference stands for one amount",
  "append_entry: a low balance is told once",
])("the sequences find out a database without %s", async (name) => {
  const guard = [...SUBMIT_CLAUSES, ...JOB_CLAUSES, ...POST_CLAUSES].find((clause) => clause.name === name);
  if (!guard) throw new Error(`there is no guard ${name}`);
  const bench = await openBench();
  await removeGuard(bench.client, guard.removal);
  const found = await fc.check(keepsPromises(bench, new Tally()), { numRuns: SEQUENCES, endOnFailure: true });
  expect(found.failed).toBe(true);
});

describe("the model finds out", () => {
  const at = (second: number): string => `2026-11-23T21:06:0${second}.5Z`;
  const topUp: WalletEntry = {
    wallet_id: "wallet",
    seq: 1,
    kind: "top_up",
    amount_cents: 50,
    balance_after_cents: 50,
    job_id: null,
    reference: "first",
    reason: null,
    actor: "test",
    created_at: at(1),
  };
  const adjustment: WalletEntry = {
    ...topUp,
    kind: "adjustment",
    reference: null,
    reason: "to make it right",
  };
  const charge: WalletEntry = { ...topUp, kind: "charge", job_id: "done", reference: null, actor: null };
  const refund: WalletEntry = { ...topUp, kind: "refund", job_id: "done", reference: "refund" };
  const moves: readonly [WalletEntry, number][] = [
    [topUp, 50],
    [charge, -10],
    [refund, 4],
    [adjustment, -4],
  ];
  /** With seq, time and balance as they must be. */
  const entries = moves.map(([entry, amount_cents], index): WalletEntry => {
    const before = moves.slice(0, index).reduce((sum, [, cents]) => sum + cents, 0);
    return {
      ...entry,
      seq: index + 1,
      amount_cents,
      balance_after_cents: before + amount_cents,
      created_at: at(index + 1),
    };
  });
  const job = { status: "succeeded", estimated_cost_cents: 12, cost_cents: 10 };
  const jobs = [
    { ...job, id: "done" },
    { ...job, id: "open", status: "pending", cost_cents: null },
    // Only what the model reads.
  ] as readonly Partial<Job>[] as readonly Job[];
  const wallet = {
    id: "wallet",
    current_balance_cents: 40,
    pending_charges_cents: 12,
    available_cents: 28,
    credit_limit_cents: 0,
    low_balance_cents: 50,
    month_spent_cents: 10,
    frozen_at: null,
  } as Partial<Wallet> as Wallet;

  const change = (seq: number, changes: Partial<WalletEntry>): readonly WalletEntry[] =>
    entries.map((entry) => (entry.seq === seq ? { ...entry, ...changes } : entry));
  const end = (id: string, changes: Partial<Job>): readonly Job[] =>
    jobs.map((one) => (one.id === id ? { ...one, ...changes } : one));

  test("nothing in a ledger that is as it must be", () => {
    expect(findFaults({ wallet, entries, jobs }, at(9))).toEqual([]);
    expect(replayLedger({ wallet, entries, jobs }).fell_low).toBe(1);
  });

  test.each<[string, { wallet?: Partial<Wallet>; entries?: readonly WalletEntry[]; jobs?: readonly Job[] }]>([
    ["seq is gapless", { entries: change(4, { seq: 5 }) }],
    ["time does not go back", { entries: change(4, { created_at: at(2) }) }],
    ["the balance is unbroken", { entries: change(1, { balance_after_cents: 51 }) }],
    ["the sign is the kind's", { entries: change(4, { kind: "top_up" }) }],
    ["only charges and refunds have a job", { entries: change(1, { job_id: "done" }) }],
    ["someone moved it", { entries: change(1, { actor: null }) }],
    ["an adjustment has a reason", { entries: change(4, { reason: null }) }],
    ["a reference moves money once", { entries: change(4, { reference: "first" }) }],
    ["a job is charged once", { entries: change(4, { kind: "charge", job_id: "done" }) }],
    ["a charge is the cost of a success", { jobs: end("done", { cost_cents: 9 }) }],
    ["refunds stay within the charge", { entries: change(3, { amount_cents: 11 }) }],
    ["the balance is the last entry's", { wallet: { current_balance_cents: 41 } }],
    ["held is what open jobs hold", { wallet: { pending_charges_cents: 11 } }],
    ["spent is what was charged this month", { wallet: { month_spent_cents: 9 } }],
    ["available is what is neither held nor owed", { wallet: { available_cents: 27 } }],
    ["nothing is overspent", { jobs: end("open", { estimated_cost_cents: 41 }) }],
    ["every success that costs is charged", { jobs: end("open", { status: "succeeded", cost_cents: 1 }) }],
    ["no job costs more than its quote", { jobs: end("done", { estimated_cost_cents: 9 }) }],
    ["only a success costs", { jobs: end("open", { cost_cents: 0 }) }],
  ])("that not %s", (fact, tampered) => {
    const account = { entries, jobs, ...tampered, wallet: { ...wallet, ...tampered.wallet } };
    expect(findFaults(account, at(9)).join("; ")).toContain(`not ${fact}`);
  });
});

/** A database, and who works on it. */
interface Bench {
  readonly platform: OpenPlatform;
  readonly actors: readonly Actor[];
  readonly client: Client;
  close(): Promise<void>;
}

async function openBench(): Promise<Bench> {
  const database = await createTestDatabase();
  const databaseUrl = database.url;
  const client = new Client(databaseUrl);
  await client.connect();
  const first = await createTestPlatform({ databaseUrl, poolSize: 4 });
  const others = Array.from({ length: PLATFORMS - 1 }, () =>
    createTestPlatform({ databaseUrl, poolSize: 4 }),
  );
  const opened = [first, ...(await Promise.all(others))];
  // The first and the last share a platform, and so the batches of its group commit.
  const platforms = Array.from({ length: ACTORS_MAX }, (_none, index) => opened[index] ?? first);
  const actors = await Promise.all(
    platforms.map(async ({ platform }) => ({ platform, runner: await createRunner(platform) })),
  );
  let closed: Promise<void> | undefined;
  const closeAll = async (): Promise<void> => {
    await client.end();
    await Promise.all(opened.map((platform) => platform.close()));
    await database.drop();
  };
  const close = (): Promise<void> => (closed ??= closeAll());
  atTheEnd(close);
  return { platform: first.platform, actors, client, close };
}

function keepsPromises(bench: Bench, tally: Tally): fc.IAsyncProperty<[Sequence]> {
  let shrinks: number | undefined;
  return fc.asyncProperty(sequence, async (commands) => {
    if (shrinks === SHRINKS_MAX) return;
    if (shrinks !== undefined) shrinks += 1;
    try {
      expect(await runSequence(bench, commands, tally)).toEqual([]);
    } catch (error) {
      shrinks ??= 0;
      throw error;
    }
  });
}

/** What was not as promised; empty when all was. */
async function runSequence(bench: Bench, commands: Sequence, tally: Tally): Promise<string[]> {
  const world = await MoneyWorld.open(bench.actors, tally, commands);
  try {
    await world.run();
    const accounts = await Promise.all(world.customers.map((id) => readAccount(bench, id)));
    if (commands.seals) await sealAll(bench);
    const { rows } = await bench.client.query<{ now: string }>(
      "SELECT to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM') AS now",
    );
    const now = rows[0]?.now ?? "";
    return [
      ...(await brokenPromises(bench.platform)),
      ...accounts.flatMap((account) => findFaults(account, now)),
      ...findBrokenAnswers(world, {
        jobs: accounts.flatMap((account) => account.jobs),
        entries: accounts.flatMap((account) => account.entries),
      }),
      ...(commands.moves_thresholds ? [] : await findLostNotices(bench, accounts)),
      ...(commands.seals ? await findBrokenSeals(bench) : []),
    ];
  } finally {
    await world.close();
  }
}

interface Account {
  readonly wallet: Wallet;
  readonly entries: readonly WalletEntry[];
  readonly jobs: readonly Job[];
}

async function readAccount({ platform }: Bench, customer_id: string): Promise<Account> {
  const [wallet, entries, jobs] = await Promise.all([
    platform.wallets.findByCustomerId(customer_id),
    platform.wallets.listEntries(customer_id, { limit: 10_000, order: "oldest_first" }),
    platform.jobs.list({ customer_id }, { limit: 10_000 }),
  ]);
  if (!wallet) throw new Error(`customer ${customer_id} has no wallet`);
  return { wallet, entries, jobs };
}

/** Every fall below the threshold was told once. The thresholds stood still meanwhile. */
async function findLostNotices({ client }: Bench, accounts: readonly Account[]): Promise<string[]> {
  const { rows } = await client.query<{ customer_id: string; told: number }>(
    "SELECT customer_id, count(*)::int AS told FROM outbox WHERE kind = 'low_balance' AND customer_id = ANY ($1) GROUP BY 1",
    [accounts.map(({ wallet }) => wallet.customer_id)],
  );
  const told = new Map(rows.map((row) => [row.customer_id, row.told]));
  return accounts.flatMap((account) => {
    const fell = replayLedger(account).fell_low;
    const times = told.get(account.wallet.customer_id) ?? 0;
    return times === fell ? [] : [`the balance fell low ${fell} times and was told ${times} times`];
  });
}

async function sealAll({ platform }: Bench): Promise<void> {
  let cursor: string | undefined;
  do cursor = await platform.seals.sealNext(cursor);
  while (cursor !== undefined);
}

async function findBrokenSeals({ platform }: Bench): Promise<string[]> {
  const { row } = await platform.seals.verify();
  return row.broken === 0 ? [] : [`broken seals: ${row.example}`];
}

/** Commands that never did anything, and refusals that never came: the sequences would prove less than they seem to. */
function findNeverSeen(tally: Tally): string[] {
  const refusals = tally.refusals();
  const codes = new Set(Object.values(REFUSALS).flat());
  return [
    // The keys of REFUSALS are the kinds.
    ...Object.keys(REFUSALS).filter((kind) => tally.of(kind as CommandKind, "ok") === 0),
    ...[...codes].filter((code) => refusals[code] === undefined),
  ];
}
