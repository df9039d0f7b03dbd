import type { Removal, Targets } from "./guard-database.ts";

// What the attacks on the guards of money and of the fence are made of.

export interface Guard {
  /** A constraint, index or trigger by its own name; a clause of a function as `function: what it says`. */
  readonly name: string;
  readonly removal: Removal;
  /** SQL that pastes into psql. */
  readonly attack: (targets: Targets) => string;
  /** The answer with the guard: what refuses, or what is there afterwards. */
  readonly guarded: string;
  /** The answer without it: what is lost, or the next guard behind it. */
  readonly unguarded: string;
}

export const constraint =
  (table: string) =>
  (name: string, attack: Guard["attack"], unguarded: string): Guard => ({
    name,
    removal: { sql: `ALTER TABLE ${table} DROP CONSTRAINT ${name}` },
    attack,
    guarded: name,
    unguarded,
  });

export const index = (name: string, attack: Guard["attack"], unguarded: string): Guard => ({
  name,
  removal: { sql: `DROP INDEX ${name}` },
  attack,
  guarded: name,
  unguarded,
});

export const trigger =
  (table: string) =>
  (name: string, attack: Guard["attack"], guarded: string, unguarded: string): Guard => ({
    name,
    // Behind the name may stand in brackets which part of it is attacked.
    removal: { sql: `DROP TRIGGER ${name.replace(/ .*/, "")} ON ${table}` },
    attack,
    guarded,
    unguarded,
  });

/** A clause of a function; `[clause, replacement]` is how it stops to hold. */
export const clause =
  (name: string) =>
  (
    says: string,
    [text, replacement]: readonly [string, string],
    attack: Guard["attack"],
    guarded: string,
    unguarded: string,
  ): Guard => ({
    name: `${name}: ${says}`,
    removal: { function: name, clause: text, replacement },
    attack,
    guarded,
    unguarded,
  });

interface Entry {
  readonly wallet: string;
  readonly kind: string;
  readonly cents: string;
  readonly seq?: string;
  readonly after?: string;
  readonly job?: string;
  readonly reference?: string;
  readonly reason?: string;
  readonly actor?: string | null;
}

export const quoted = (value: string | null | undefined): string =>
  value === undefined || value === null ? "NULL" : `'${value}'`;

/** Writes an entry past all functions, seq 3 being the next. */
export const insertEntry = (entry: Entry): string => {
  const { wallet, kind, cents, seq = "3", after = "0", job, reference, reason, actor = "test" } = entry;
  return `INSERT INTO wallet_entries (wallet_id, seq, kind, amount_cents, balance_after_cents, job_id, reference, reason, actor)
          VALUES ('${wallet}', ${seq}, '${kind}', ${cents}, ${after}, ${quoted(job)}, ${quoted(reference)}, ${quoted(reason)}, ${quoted(actor)})`;
};

export const setWallet =
  (set: string): Guard["attack"] =>
  ({ wallet }) =>
    `UPDATE wallets SET ${set} WHERE id = '${wallet}'`;
export const setJob =
  (job: "pending" | "running" | "succeeded" | "failed", set: string): Guard["attack"] =>
  (targets) =>
    `UPDATE jobs SET ${set} WHERE id = '${targets[job]}'`;

/** What submit_jobs answers for `count` jobs; `held_before` comes first. */
export const submit = (customer: string, type: string, count = 1): string => {
  const all = (value: string): string => `array_fill(${value}, ARRAY[${count}])`;
  return `SELECT coalesce(refusal, 'stored at ' || estimated_cost_cents) FROM submit_jobs(
    array(SELECT gen_random_uuid() FROM generate_series(1, ${count})), ${all(`'${customer}'::uuid`)}, ${all(`'${type}'::uuid`)},
    ${all("1::smallint")}, ${all("'{}'::jsonb")}, NULL, NULL, NULL, '{f,f,f}')`;
};

/** What submit_job answers; nothing of what it does not store. */
export const submitAlone = ({ customer, type }: Targets, age = "0 s"): string =>
  `SELECT 'stored at ' || estimated_cost_cents FROM submit_job(
    id_at(now() - interval '${age}'), '${customer}', '${type}', 1::smallint, '{}', false)`;

interface KeyedJob {
  readonly key: string;
  readonly hash: string;
  readonly item: number;
}

/** What submit_keyed_jobs answers for free jobs, in no order. */
export const submitKeyed = ({ customer, free_type }: Targets, ...jobs: readonly KeyedJob[]): string => {
  const all = (value: string): string => `array_fill(${value}, ARRAY[${jobs.length}])`;
  const uuids = (values: readonly string[]): string => `'{${values.join(",")}}'::uuid[]`;
  return `SELECT coalesce(refusal, CASE WHEN replay_of IS NULL THEN 'stored' ELSE 'replayed' END) FROM submit_keyed_jobs(
    array(SELECT gen_random_uuid() FROM generate_series(1, ${jobs.length})), ${all(`'${customer}'::uuid`)}, ${all(`'${free_type}'::uuid`)},
    ${all("1::smallint")}, ${all("'{}'::jsonb")}, NULL, NULL, NULL, '{f,f,f}',
    ${uuids(jobs.map((job) => job.key))}, ${uuids(jobs.map((job) => job.hash))}, '{${jobs.map((job) => job.item).join(",")}}') ORDER BY 1`;
};
export const KEY = "00000000-0000-0000-0000-0000000000aa";
export const HASH = "00000000-0000-0000-0000-0000000000bb";
export const OTHER_HASH = "00000000-0000-0000-0000-0000000000cc";

/** A job beside another one, because what is alone goes another way. */
const NO_JOB = "00000000-0000-0000-0000-0000000000ee";

/** Settles an attempt in a batch and answers what the job is then. */
export const settle = (job: string, attempt: number, outcome: string, cost = "NULL"): string =>
  `SELECT FROM settle_jobs('{${job},${NO_JOB}}', '{${attempt},1}', '{${outcome},${outcome}}', '{${cost},NULL}', NULL, NULL, NULL, NULL);
   SELECT status || ', cost ' || coalesce(cost_cents::text, 'none') FROM jobs WHERE id = '${job}'`;

/** Settles an attempt that succeeded, alone, and answers what the job is then. */
export const settleAlone = (job: string, attempt = 1, cost = "NULL"): string =>
  `SELECT settle_success('${job}', ${attempt}, ${cost}, NULL, NULL);
   SELECT status || ', cost ' || coalesce(cost_cents::text, 'none') FROM jobs WHERE id = '${job}'`;

/** Posts one movement and answers its outcome. */
export const post = (
  customer: string,
  kind: string,
  cents: string,
  reference: string,
  freeze = "NULL",
): string =>
  `SELECT outcome FROM post_entries('{${customer}}', '{${kind}}', '{${cents}}', ARRAY['${reference}'], ARRAY['a reason'], '{${freeze}}', 'test')`;

export const refund = (job: string, cents: string, reference: string): string =>
  `SELECT outcome FROM refund_job('${job}', ${cents}, '${reference}', NULL, 'test')`;

export const cancel = (job: string, owner = "NULL"): string => `SELECT cancel_job('${job}', ${owner})`;

/** Puts a job into the queue where it does not belong, lets a runner claim it in a batch, and answers how many it got. */
export const claim = (targets: Targets, job: string, runner: string): string =>
  `${queueAnew(targets, job)}
   SELECT count(*) FROM claim_jobs('{${job},${NO_JOB}}', '${runner}', gen_random_uuid())`;

/** `claim` of the job alone. */
export const claimAlone = (targets: Targets, job: string, runner = targets.runner): string =>
  `${queueAnew(targets, job)}
   SELECT count(*) FROM start_job('${job}', '${runner}', gen_random_uuid())`;

const queueAnew = (targets: Targets, job: string): string =>
  `INSERT INTO job_queue (priority, job_id, customer_id, job_type_id) VALUES (1, '${job}', '${targets.customer}', '${targets.type}') ON CONFLICT DO NOTHING;`;

/** `runner` is declared dead, and its leases are rescued; answers what the job is then. */
export const rescue = ({ runner }: Targets, job: string): string =>
  `DELETE FROM runners WHERE id = '${runner}';
   SELECT FROM rescue_jobs('1 hour', 3, 100);
   SELECT status FROM jobs WHERE id = '${job}'`;

export const lastEntryInOrder = ({ wallet }: Targets): string =>
  `SELECT CASE WHEN bool_and(e.created_at >= w.updated_at) THEN 'in order' ELSE 'back in time' END
     FROM (SELECT * FROM wallet_entries WHERE wallet_id = '${wallet}' ORDER BY seq DESC LIMIT 1) e, (SELECT now() + interval '1 hour' AS updated_at) w`;
export const fromTheFuture = setWallet("updated_at = now() + interval '1 hour'");
export const walletInOrder = ({ wallet }: Targets): string =>
  `SELECT CASE WHEN updated_at >= now() + interval '1 hour' THEN 'in order' ELSE 'back in time' END FROM wallets WHERE id = '${wallet}'`;

/** The running job and its hold become the other customer's. */
export const giveToOther = ({ running, other, wallet, other_wallet }: Targets): string =>
  `UPDATE jobs SET customer_id = '${other}' WHERE id = '${running}';
   UPDATE wallets SET pending_charges_cents = pending_charges_cents + CASE id WHEN '${wallet}' THEN -10 ELSE 10 END WHERE id IN ('${wallet}', '${other_wallet}')`;

export const inTurn =
  (...parts: readonly ((targets: Targets) => string)[]): Guard["attack"] =>
  (targets) =>
    parts.map((part) => part(targets)).join(";\n");

/** The next link, whatever it seals. */
export const insertSeal = (wallet: string, first: number, last: number, hash = "sha256('')"): string =>
  `INSERT INTO wallet_seals (link, wallet_id, first_seq, last_seq, hash)
   SELECT coalesce(max(link), 0) + 1, '${wallet}', ${first}, ${last}, ${hash} FROM wallet_seals`;

export const sealed = (): string => "SELECT seal_wallets(100, 100, NULL)";
export const history = ({ type }: Targets): string =>
  `SELECT count(*) || ' prices' FROM price_history WHERE job_type_id = '${type}'`;
