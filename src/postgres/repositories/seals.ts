import { sql } from "kysely";
import { SEALED_ENTRIES_MAX, SEALED_WALLETS_MAX } from "../../core/model/limits.ts";
import type { SealReport, SealRepository } from "../../core/model/seals.ts";
import type { Database } from "../connection/database.ts";
import { callSealWallets } from "../connection/functions.gen.ts";

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
    const cursor = await callSealWallets(this.#databases.upkeep, {
      wallets: SEALED_WALLETS_MAX,
      entries: SEALED_ENTRIES_MAX,
      cursor: after ?? null,
    });
    return cursor ?? undefined;
  }

  async verify(links?: number): Promise<SealReport> {
    const { broken, example, digest, links: found, sealed_entries } = await this.#read(links);
    const missing = links === undefined ? 0 : Math.max(0, links - found);
    const row = {
      promise: "seals_are_unbroken",
      says: "P6: no sealed entry was rewritten",
      broken: broken + missing,
      example: example ?? (missing > 0 ? `link ${links} is missing: there are ${found}` : null),
    };
    return { row, digest, links: found, sealed_entries };
  }

  /** One statement, so one snapshot: what does not fit, and the digest of the first so many links. */
  async #read(links: number | undefined) {
    const { kysely } = this.#databases.reports;
    const broken = kysely
      .selectFrom("broken_seals")
      .select(({ fn }) => fn.countAll<number>().as("broken"))
      .select(sql<string | null>`min(wallet_id || '/' || last_seq)`.as("example"));
    const all = kysely
      .selectFrom("wallet_seals")
      .select(
        sql<string>`encode(sha256(coalesce(string_agg(hash, ''::bytea ORDER BY link), '')), 'hex')`.as(
          "digest",
        ),
      )
      .select(({ fn }) => fn.countAll<number>().as("links"))
      .select(sql<number>`coalesce(sum(last_seq - first_seq + 1), 0)::bigint`.as("sealed_entries"));
    const sealed = links === undefined ? all : all.where("link", "<=", links);
    return await kysely
      .selectFrom([broken.as("broken"), sealed.as("sealed")])
      .select(["broken.broken", "broken.example", "sealed.digest", "sealed.links", "sealed.sealed_entries"])
      .executeTakeFirstOrThrow();
  }
}
