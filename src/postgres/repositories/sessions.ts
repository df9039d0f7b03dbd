import { sql } from "kysely";
import { isRetryable } from "../../core/lib/with-retry.ts";
import type { KeyOwner } from "../../core/model/customer.ts";
import { SESSION_IDLE_MS, SESSION_MAX_MS, SESSIONS_PER_KEY_MAX } from "../../core/model/limits.ts";
import type { OperatorRole } from "../../core/model/operator.ts";
import type { NewSession, Session, SessionKey, SessionRepository } from "../../core/model/session.ts";
import { textArray } from "../connection/arrays.ts";
import type { Database } from "../connection/database.ts";
import { toKeyTerms } from "./api-keys.ts";

/** The `key_id` of sessions of the admin key. */
const ADMIN_KEY_ID = "00000000-0000-0000-0000-000000000000";

interface FoundSession {
  readonly id: string;
  readonly customer_id: string | null;
  readonly operator_id: string | null;
  readonly role: OperatorRole | null;
  readonly token_hash: string;
  readonly api_key_id: string | null;
  /** Of the key, with a space between them. */
  readonly scopes: string | null;
  readonly key_expires_at: string | null;
  readonly admin_proof: string | null;
  readonly left_ms: number;
  readonly use_to_note: boolean;
}

export class PostgresSessionRepository implements SessionRepository {
  readonly #database: Database;
  readonly #ended: (id: string) => void;

  /** `ended` is told of each end that other processes hear of from tell_key_change: here at once. */
  constructor(database: Database, ended: (id: string) => void = () => undefined) {
    this.#database = database;
    this.#ended = ended;
  }

  async create({ id, token_hash, key }: NewSession): Promise<void> {
    const { kysely } = this.#database;
    // Two sign-ins at once may go above the limit by one: it only has to be an end.
    const tooMany = kysely
      .selectFrom("sessions")
      .select("id")
      .where("key_id", "=", keyIdOf(key))
      .orderBy("id", "desc")
      .offset(SESSIONS_PER_KEY_MAX - 1);
    await kysely
      .with("ended", (db) => db.deleteFrom("sessions").where("id", "in", tooMany))
      .insertInto("sessions")
      .values({ id, token_hash, ...key, expires_at: inMs(SESSION_MAX_MS) })
      .execute();
  }

  async findByTokens(hashes: readonly string[]): Promise<(Session | undefined)[]> {
    const { rows } = await sql<FoundSession & Omit<KeyOwner, "id">>`
      SELECT
        s.id,
        s.token_hash,
        s.api_key_id,
        array_to_string(k.scopes, ' ') AS scopes,
        k.expires_at AS key_expires_at,
        s.admin_proof,
        (extract(epoch FROM least(s.expires_at, k.expires_at, s.last_used_at + ${interval(SESSION_IDLE_MS)}) - now())
          * 1000)::float8 AS left_ms,
        s.last_used_at < now() - interval '45 seconds' AS use_to_note,
        o.id AS operator_id,
        o.role,
        c.id AS customer_id,
        coalesce(o.name, c.name) AS name,
        c.email,
        c.active,
        c.created_at,
        c.updated_at
        FROM sessions s
        LEFT JOIN api_keys k ON k.id = s.api_key_id AND k.revoked_at IS NULL
         AND coalesce(k.expires_at > now(), true)
        LEFT JOIN customers c ON c.id = k.customer_id AND c.active
        LEFT JOIN operators o ON o.id = s.operator_id AND o.active AND o.revoked_at IS NULL
       WHERE s.token_hash = ANY (${textArray([...new Set(hashes)])}::text[])
         AND least(s.expires_at, s.last_used_at + ${interval(SESSION_IDLE_MS)}) > now()
         AND num_nonnulls(s.admin_proof, c.id, o.id) = 1`.execute(this.#database.kysely);
    const toNote = rows.filter((row) => row.use_to_note).map((row) => row.id);
    // A session goes on although its use cannot be noted just now.
    if (toNote.length > 0) await this.#noteUse(toNote).catch(ignoreAway);
    const found = new Map(rows.map((row) => [row.token_hash, toSession(row)]));
    return hashes.map((hash) => found.get(hash));
  }

  /** Never waits for a process that is noting the same session. */
  async #noteUse(ids: readonly string[]): Promise<void> {
    const { kysely } = this.#database;
    const used = kysely
      .selectFrom("sessions")
      .select("id")
      .where("id", "in", ids)
      .where(sql<boolean>`last_used_at < now() - interval '45 seconds'`)
      .forNoKeyUpdate()
      .skipLocked();
    await kysely
      .updateTable("sessions")
      .set({ last_used_at: sql`now()` })
      .where(sql<boolean>`id = ANY (array(${used}))`)
      .execute();
  }

  async end(token_hash: string): Promise<void> {
    const ended = await this.#database.kysely
      .deleteFrom("sessions")
      .where("token_hash", "=", token_hash)
      .returning("id")
      .executeTakeFirst();
    if (ended) this.#ended(ended.id);
  }
}

function keyIdOf(key: SessionKey): string {
  if ("api_key_id" in key) return key.api_key_id;
  return "operator_id" in key ? key.operator_id : ADMIN_KEY_ID;
}

function interval(ms: number) {
  return sql`make_interval(secs => ${ms / 1_000}::float8)`;
}

function inMs(ms: number) {
  return sql<string>`now() + ${interval(ms)}`;
}

function toSession(row: FoundSession & Omit<KeyOwner, "id">): Session {
  const { id, left_ms, admin_proof, api_key_id, scopes, key_expires_at, customer_id, operator_id, role } =
    row;
  if (admin_proof !== null) return { id, left_ms, owner: { kind: "admin", admin_proof } };
  if (operator_id !== null && role !== null)
    return { id, left_ms, owner: { kind: "operator", operator: { id: operator_id, name: row.name, role } } };
  if (api_key_id === null || scopes === null || customer_id === null)
    throw new Error(`session ${id} has no owner`);
  const { name, email, active, created_at, updated_at } = row;
  // When the key expires, the session ends, whose end is looked at.
  const key = toKeyTerms({ api_key_id, scopes, key_expires_at, left_ms: null }, 0);
  const customer = { id: customer_id, name, email, active, created_at, updated_at, key };
  return { id, left_ms, owner: { kind: "customer", customer } };
}

function ignoreAway(error: unknown): void {
  if (!isRetryable(error)) throw error;
}
