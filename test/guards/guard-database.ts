import { type Client, DatabaseError, type QueryResult } from "pg";
import { v7 as uuidv7 } from "uuid";
import { connect } from "../support/sql.ts";
import { waitFor } from "../support/wait-for.ts";
import { createCustomer, createJobType, createRunner, createTestPlatform } from "../support/test-platform.ts";

/** Who and what the attacks are about. */
export interface Targets {
  /** Has 90 cents, of which 20 are held. */
  readonly customer: string;
  readonly wallet: string;
  /** Has 100 cents and no jobs. */
  readonly other: string;
  readonly other_wallet: string;
  /** 10 cents. */
  readonly type: string;
  readonly free_type: string;
  readonly runner: string;
  readonly spare_runner: string;
  /** Its only movement that is no charge had this reference. */
  readonly reference: "start";
  readonly pending: string;
  /** At attempt 1, of `runner`. */
  readonly running: string;
  /** Charged 10 cents, at attempt 1. */
  readonly succeeded: string;
  readonly failed: string;
  /** Succeeded, and cost nothing. */
  readonly gratis: string;
}

/** How a guard is taken away. */
export type Removal =
  | { readonly sql: string }
  /** In the text of a function or view, `clause` is found once, however its words are laid out, and becomes `replacement`. */
  | { readonly function: string; readonly clause: string; readonly replacement: string }
  | { readonly view: string; readonly clause: string; readonly replacement: string };

/** A lock, without which two at once do what one alone could not. */
export interface LockGuard {
  readonly name: string;
  readonly removal: Removal;
  readonly before?: (targets: Targets) => string;
  readonly first: (targets: Targets) => string;
  readonly second: (targets: Targets) => string;
  /** How many run the second at once; 1 unless said otherwise. */
  readonly times?: number;
  readonly guarded: string;
  readonly unguarded: string;
}

export interface GuardDatabase {
  readonly client: Client;
  readonly targets: Targets;
  readonly databaseUrl: string;
}

const UUID = /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/;

/** A database with jobs of every status, and all promises kept. */
export async function createGuardDatabase(): Promise<GuardDatabase> {
  const { platform, databaseUrl } = await createTestPlatform();
  const client = await connect(databaseUrl);
  const [customer, other] = [await createCustomer(platform, 100), await createCustomer(platform, 100)];
  const [type, free_type] = [
    await createJobType(platform),
    await createJobType(platform, { standard_cost_cents: 0 }),
  ];
  const [runner, spare_runner] = [await createRunner(platform), await createRunner(platform)];
  const submit = async (job_type_id: string): Promise<string> => {
    const job = { id: uuidv7(), customer_id: customer, job_type_id, priority: 1, input_data: {} } as const;
    return (await platform.jobs.create(job)).id;
  };
  const start = async (id: string): Promise<{ id: string; attempt: number }> => {
    const claimed = await platform.jobs.setStarted(id, runner);
    if (!claimed) throw new Error(`job ${id} was not claimed`);
    return claimed;
  };
  const succeed = async (job_type_id: string): Promise<string> => {
    const { id, attempt } = await start(await submit(job_type_id));
    await platform.jobs.setCompleted({ id, attempt, kind: "succeeded", output: null });
    return id;
  };
  const succeeded = await succeed(type);
  const gratis = await succeed(free_type);
  const { id: failed, attempt } = await start(await submit(type));
  await platform.jobs.updateStatus({ id: failed, attempt }, "failed");
  const { id: running } = await start(await submit(type));
  const pending = await submit(type);
  const walletOf = async (id: string): Promise<string> =>
    (await platform.wallets.findByCustomerId(id))?.id ?? "";
  return {
    client,
    databaseUrl,
    targets: {
      customer,
      wallet: await walletOf(customer),
      other,
      other_wallet: await walletOf(other),
      type,
      free_type,
      runner,
      spare_runner,
      reference: "start",
      pending,
      running,
      succeeded,
      failed,
      gratis,
    },
  };
}

/**
 * What an attack is answered, on the database as it is or without a guard; nothing of it stays. That is the constraint or the message that refused
 * it, or else the first column of its last statement (`accepted` where that has no rows to show), and behind it the promises that it broke.
 */
export async function attack(client: Client, sql: string, removal?: Removal): Promise<string> {
  await client.query("BEGIN");
  try {
    if (removal) await removeGuard(client, removal);
    return await answerOf(client, sql);
  } finally {
    await client.query("ROLLBACK");
  }
}

/** The answers of transactions that start while the first has not committed, and go on after that as the locks let them. */
export async function race(
  { client, databaseUrl, targets }: GuardDatabase,
  { before, first, second, times = 1, removal }: LockGuard,
  removed: boolean,
): Promise<string> {
  const others = await Promise.all(Array.from({ length: times }, () => connect(databaseUrl)));
  const pids = await Promise.all(others.map((other) => readText(other, "SELECT pg_backend_pid() AS text")));
  if (removed) await removeGuard(client, removal);
  if (before) await client.query(before(targets));
  await client.query("BEGIN");
  await client.query(first(targets));
  let answered = 0;
  const answers = others.map((other) => answerOf(other, second(targets)).finally(() => (answered += 1)));
  const countWaiting = async (): Promise<number> =>
    Number(
      await readText(
        client,
        "SELECT count(*) AS text FROM unnest($1::int[]) pid WHERE pg_blocking_pids(pid) <> '{}'",
        `{${pids.join(",")}}`,
      ),
    );
  await waitFor(async () => answered + (await countWaiting()) >= times, {
    describe: "the others to answer, or to wait for the first",
  });
  await client.query("COMMIT");
  return (await Promise.all(answers)).toSorted().join(" and ");
}

async function answerOf(client: Client, sql: string): Promise<string> {
  try {
    // Several statements are answered with a list, which the type of `query` does not know.
    const results: QueryResult | QueryResult[] = await client.query({ text: sql, rowMode: "array" });
    const last = [results].flat().at(-1);
    const answer =
      last?.command === "SELECT" ? last.rows.map(([value]) => String(value)).join(", ") : "accepted";
    const { rows } = await client.query<{ promise: string }>("SELECT promise FROM audit WHERE broken > 0");
    return rows.length === 0 ? answer : `${answer}; broken: ${rows.map((row) => row.promise).join(", ")}`;
  } catch (error) {
    if (error instanceof DatabaseError) return error.constraint ?? error.message.replace(UUID, "<id>");
    throw error;
  }
}

export async function removeGuard(client: Client, removal: Removal): Promise<void> {
  if ("sql" in removal) {
    await client.query(removal.sql);
    return;
  }
  const definition = await readDefinition(client, removal);
  const clause = new RegExp(removal.clause.split(/\s+/).map(escapeForRegExp).join("\\s+"), "g");
  const places = [...definition.matchAll(clause)].length;
  if (places !== 1) throw new Error(`"${removal.clause}" is found ${places} times in:\n${definition}`);
  await client.query(definition.replace(clause, () => removal.replacement));
}

function escapeForRegExp(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|]/g, "\\$&");
}

async function readDefinition(client: Client, removal: Exclude<Removal, { sql: string }>): Promise<string> {
  if ("function" in removal)
    return await readText(client, "SELECT pg_get_functiondef($1::regproc) AS text", removal.function);
  const text = await readText(client, "SELECT pg_get_viewdef($1::regclass) AS text", removal.view);
  // Older servers write the name of the only table before each column, newer ones do not.
  return `CREATE OR REPLACE VIEW ${removal.view} AS ${text.replaceAll(/\bs\./g, "")}`;
}

async function readText(client: Client, sql: string, ...values: readonly string[]): Promise<string> {
  const { rows } = await client.query<{ text: string | null }>(sql, [...values]);
  return rows[0]?.text ?? "";
}
