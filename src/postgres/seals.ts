import type { AuditRow } from "../core/audit.ts";
import type { SealRepository } from "../core/seals.ts";
import type { Database } from "./database.ts";

/** Wallets that one call looks at, and entries that it seals of each: well under a second. */
const WALLETS_MAX = 200;
const ENTRIES_MAX = 2_000;

const SEAL_WALLETS = { name: "seal_wallets", text: "SELECT seal_wallets($1, $2, $3)" };
const VERIFY_SEALS = {
  name: "verify_seals",
  text: `
    SELECT (SELECT count(*) FROM broken_seals), (SELECT min(b.wallet_id || '/' || b.last_seq) FROM broken_seals b),
           (SELECT encode(sha256(coalesce(string_agg(s.hash, ''::bytea ORDER BY s.wallet_id, s.last_seq), '')), 'hex') FROM wallet_seals s),
           (SELECT coalesce(sum(s.last_seq - s.first_seq + 1), 0)::bigint FROM wallet_seals s)`,
};

interface Databases {
  readonly upkeep: Database;
  /** Reads every entry there is. */
  readonly reports: Database;
}

export class PostgresSealRepository implements SealRepository {
  readonly #databases: Databases;

  constructor(databases: Databases) {
    this.#databases = databases;
  }

  async sealNext(after: string | undefined): Promise<string | undefined> {
    const values = [WALLETS_MAX, ENTRIES_MAX, after ?? null];
    const [row] = await this.#databases.upkeep.call<[string | null]>(SEAL_WALLETS, values);
    return row?.[0] ?? undefined;
  }

  async verify(): Promise<{ row: AuditRow; digest: string; sealed_entries: number }> {
    type Row = [broken: number, example: string | null, digest: string, sealed_entries: number];
    const [answer] = await this.#databases.reports.call<Row>(VERIFY_SEALS, []);
    if (!answer) throw new Error("the seals were not read");
    const [broken, example, digest, sealed_entries] = answer;
    const says = "P6: no sealed entry was rewritten";
    return { row: { promise: "seals_are_unbroken", says, broken, example }, digest, sealed_entries };
  }
}
