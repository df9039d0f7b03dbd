import type { Job } from "../../src/core/model/job.ts";
import type { Wallet, WalletEntry } from "../../src/core/model/wallet.ts";

// The ledger told again, in plain arithmetic: what a wallet must be, given its entries and its customer's jobs. Knows nothing of the SQL.

/** A wallet after some of its entries. */
interface Ledger {
  readonly balance_cents: number;
  readonly last_seq: number;
  readonly last_at: string;
  readonly charged_cents: ReadonlyMap<string, number>;
  readonly refunded_cents: ReadonlyMap<string, number>;
  readonly references: ReadonlySet<string>;
  readonly charged_by_month: ReadonlyMap<string, number>;
  /** How often the balance fell below the threshold. */
  readonly fell_low: number;
  readonly faults: readonly string[];
}

const OPENING: Ledger = {
  balance_cents: 0,
  last_seq: 0,
  last_at: "",
  charged_cents: new Map(),
  refunded_cents: new Map(),
  references: new Set(),
  charged_by_month: new Map(),
  fell_low: 0,
  faults: [],
};

const SIGNS: Readonly<Record<WalletEntry["kind"], readonly number[]>> = {
  top_up: [1],
  grant: [1],
  refund: [1],
  charge: [-1],
  chargeback: [-1],
  adjustment: [1, -1],
};

interface Account {
  readonly wallet: Wallet;
  /** In the order of `seq`. */
  readonly entries: readonly WalletEntry[];
  /** All of the customer's. */
  readonly jobs: readonly Job[];
}

/** Goes through the entries in order. */
export function replayLedger({ wallet, entries, jobs }: Account): Ledger {
  const jobsById = new Map(jobs.map((job) => [job.id, job]));
  return entries.reduce(
    (ledger, entry) => applyEntry(ledger, entry, jobsById, wallet.low_balance_cents),
    OPENING,
  );
}

function applyEntry(
  ledger: Ledger,
  entry: WalletEntry,
  jobs: ReadonlyMap<string, Job>,
  threshold: number | null,
): Ledger {
  const { kind, amount_cents, job_id, reference } = entry;
  const balance_cents = ledger.balance_cents + amount_cents;
  const charged = kind === "charge" ? -amount_cents : 0;
  const refunded = kind === "refund" ? amount_cents : 0;
  const month = entry.created_at.slice(0, 7);
  const fellLow = threshold !== null && ledger.balance_cents >= threshold && balance_cents < threshold;
  return {
    balance_cents,
    last_seq: entry.seq,
    last_at: entry.created_at,
    charged_cents: added(ledger.charged_cents, job_id, charged),
    refunded_cents: added(ledger.refunded_cents, job_id, refunded),
    references: reference === null ? ledger.references : new Set([...ledger.references, reference]),
    charged_by_month: added(ledger.charged_by_month, month, charged),
    fell_low: ledger.fell_low + (fellLow ? 1 : 0),
    faults: [...ledger.faults, ...findEntryFaults(ledger, entry, jobs)],
  };
}

function findEntryFaults(ledger: Ledger, entry: WalletEntry, jobs: ReadonlyMap<string, Job>): string[] {
  const { kind, amount_cents, job_id, reference } = entry;
  const job = job_id === null ? undefined : jobs.get(job_id);
  const charged = ledger.charged_cents.get(job_id ?? "");
  const refunded = (ledger.refunded_cents.get(job_id ?? "") ?? 0) + amount_cents;
  const facts: Readonly<Record<string, boolean>> = {
    "seq is gapless": entry.seq === ledger.last_seq + 1,
    // RFC 3339 with a fraction of any length: compared without the Z, a prefix sorts first, as it should.
    "time does not go back": entry.created_at.slice(0, -1) >= ledger.last_at.slice(0, -1),
    "the balance is unbroken": entry.balance_after_cents === ledger.balance_cents + amount_cents,
    "the sign is the kind's": SIGNS[kind].includes(Math.sign(amount_cents)),
    "only charges and refunds have a job": (kind === "charge" || kind === "refund") === (job_id !== null),
    "someone moved it": kind === "charge" || entry.actor !== null,
    "an adjustment has a reason": kind !== "adjustment" || entry.reason !== null,
    "a reference moves money once": reference === null || !ledger.references.has(reference),
    "a job is charged once": kind !== "charge" || charged === undefined,
    "a charge is the cost of a success":
      kind !== "charge" || (job?.status === "succeeded" && job.cost_cents === -amount_cents),
    "refunds stay within the charge":
      kind !== "refund" || (charged !== undefined && refunded <= charged && job !== undefined),
  };
  return failed(facts).map((fact) => `entry ${entry.seq} (${kind} of ${amount_cents}): not ${fact}`);
}

/** What is wrong with a wallet as it stands; empty when it is what its entries and jobs say. */
export function findFaults(account: Account, now: string): string[] {
  const { wallet, jobs } = account;
  const ledger = replayLedger(account);
  const open = jobs.filter(({ status }) => status === "pending" || status === "running");
  const held = sum(open.map((job) => job.estimated_cost_cents));
  const free = wallet.current_balance_cents + wallet.credit_limit_cents - held;
  const chargeable = jobs.filter((job) => (job.cost_cents ?? 0) > 0).map((job) => job.id);
  const facts: Readonly<Record<string, boolean>> = {
    "the balance is the last entry's": wallet.current_balance_cents === ledger.balance_cents,
    "held is what open jobs hold": wallet.pending_charges_cents === held,
    "spent is what was charged this month":
      wallet.month_spent_cents === (ledger.charged_by_month.get(now.slice(0, 7)) ?? 0),
    "available is what is neither held nor owed":
      wallet.available_cents === (wallet.frozen_at === null ? free : 0),
    "nothing is overspent": wallet.frozen_at !== null || free >= 0,
    "every success that costs is charged": chargeable.every((id) => ledger.charged_cents.has(id)),
    "no job costs more than its quote": jobs.every(
      (job) => (job.cost_cents ?? 0) <= job.estimated_cost_cents,
    ),
    "only a success costs": jobs.every((job) => (job.status === "succeeded") === (job.cost_cents !== null)),
  };
  return [...ledger.faults, ...failed(facts).map((fact) => `wallet ${wallet.id}: not ${fact}`)];
}

function failed(facts: Readonly<Record<string, boolean>>): string[] {
  return Object.entries(facts)
    .filter(([, holds]) => !holds)
    .map(([fact]) => fact);
}

function added(
  sums: ReadonlyMap<string, number>,
  key: string | null,
  cents: number,
): ReadonlyMap<string, number> {
  if (key === null || cents === 0) return sums;
  return new Map([...sums, [key, (sums.get(key) ?? 0) + cents]]);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
