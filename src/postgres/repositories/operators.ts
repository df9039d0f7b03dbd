import { sql } from "kysely";
import { PlatformError } from "../../core/lib/errors.ts";
import { isRetryable } from "../../core/lib/with-retry.ts";
import {
  RESERVED_NAMES,
  type KnownOperator,
  type NewOperator,
  type Operator,
  type OperatorChanges,
  type OperatorRepository,
} from "../../core/model/operator.ts";
import type { Page } from "../../core/model/page.ts";
import { textArray } from "../connection/arrays.ts";
import type { Database } from "../connection/database.ts";
import { isViolationOf } from "../connection/errors.ts";
import { definedOnly } from "./defined-only.ts";

const COLUMNS = [
  "id",
  "name",
  "role",
  "active",
  "prefix",
  "created_at",
  "updated_at",
  "last_used_at",
  "revoked_at",
] as const;

export class PostgresOperatorRepository implements OperatorRepository {
  readonly #database: Database;
  readonly #changed: (id: string) => void;

  /** `changed` is told of each change that other processes hear of from tell_key_change: here at once. */
  constructor(database: Database, changed: (id: string) => void = () => undefined) {
    this.#database = database;
    this.#changed = changed;
  }

  async create(operator: NewOperator): Promise<Operator> {
    if (RESERVED_NAMES.includes(operator.name.toLowerCase())) throw nameTaken(operator.name);
    try {
      return await this.#database.kysely
        .insertInto("operators")
        .values(operator)
        .returning(COLUMNS)
        .executeTakeFirstOrThrow();
    } catch (error) {
      throw isViolationOf(error, "operators_name") ? nameTaken(operator.name) : error;
    }
  }

  async findById(id: string): Promise<Operator | undefined> {
    return await this.#database.kysely
      .selectFrom("operators")
      .select(COLUMNS)
      .where("id", "=", id)
      .executeTakeFirst();
  }

  async findByKeys(hashes: readonly string[]): Promise<(KnownOperator | undefined)[]> {
    const rows = await this.#database.kysely
      .selectFrom("operators")
      .select(["key_hash", "id", "name", "role"])
      .select(
        sql<boolean>`last_used_at IS NULL OR last_used_at < now() - interval '45 seconds'`.as("use_to_note"),
      )
      .where(sql<boolean>`key_hash = ANY (${textArray([...new Set(hashes)])}::text[])`)
      .where("active", "=", true)
      .where("revoked_at", "is", null)
      .execute();
    const toNote = rows.filter((row) => row.use_to_note).map(({ id }) => id);
    // A key is valid although its use cannot be noted just now.
    if (toNote.length > 0) await this.#noteUse(toNote).catch(ignoreAway);
    const found = new Map(rows.map(({ key_hash, id, name, role }) => [key_hash, { id, name, role }]));
    return hashes.map((hash) => found.get(hash));
  }

  /** At most once in 45 s a key. Never waits for a process that is noting the same key. */
  async #noteUse(ids: readonly string[]): Promise<void> {
    const { kysely } = this.#database;
    const used = kysely
      .selectFrom("operators")
      .select("id")
      .where("id", "in", ids)
      .where(sql<boolean>`(last_used_at IS NULL OR last_used_at < now() - interval '45 seconds')`)
      .forNoKeyUpdate()
      .skipLocked();
    await kysely
      .updateTable("operators")
      .set({ last_used_at: sql`now()` })
      .where(sql<boolean>`id = ANY (array(${used}))`)
      .execute();
  }

  async list({ limit, before }: Page): Promise<Operator[]> {
    let query = this.#database.kysely
      .selectFrom("operators")
      .select(COLUMNS)
      .orderBy("id", "desc")
      .limit(limit);
    if (before !== undefined) query = query.where("id", "<", before);
    return await query.execute();
  }

  async update(id: string, changes: OperatorChanges): Promise<Operator | undefined> {
    const updated = await this.#database.kysely
      .updateTable("operators")
      .set({ ...definedOnly(changes), updated_at: sql`now()` })
      .where("id", "=", id)
      .where("revoked_at", "is", null)
      .returning(COLUMNS)
      .executeTakeFirst();
    this.#changed(id);
    return updated;
  }

  async revoke(id: string): Promise<boolean> {
    const revoked = await this.#database.kysely
      .updateTable("operators")
      .set({ revoked_at: sql`coalesce(revoked_at, now())` })
      .where("id", "=", id)
      .returning("id")
      .executeTakeFirst();
    this.#changed(id);
    return revoked !== undefined;
  }
}

function nameTaken(name: string): PlatformError {
  return new PlatformError(
    "name_taken",
    `"${name}" is reserved, or the name of another operator. Choose another name, or revoke that operator first.`,
  );
}

function ignoreAway(error: unknown): void {
  if (!isRetryable(error)) throw error;
}
