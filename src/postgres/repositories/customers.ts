import { sql } from "kysely";
import { customerErased, customerNotFound } from "../../core/model/not-found.ts";
import type {
  ApiKey,
  Customer,
  CustomerChanges,
  CustomerLimits,
  CustomerRepository,
  KeyHolder,
  KeyOwner,
  CustomersPage,
  NewApiKey,
  NewCustomer,
  RolledKey,
} from "../../core/model/customer.ts";
import { SCOPES, type Scope } from "../../core/model/api-key.ts";
import { newId } from "../../core/lib/new-id.ts";
import { isRetryable } from "../../core/lib/with-retry.ts";
import { API_KEYS_MAX } from "../../core/model/limits.ts";
import type { IdempotencyKey } from "../../core/model/idempotency.ts";
import { textArray } from "../connection/arrays.ts";
import type { Database } from "../connection/database.ts";
import { callAddCustomer, callFindKeyHolders, type FindKeyHoldersRow } from "../connection/functions.gen.ts";
import { refusingReusedKey } from "../hot/refusing-reused-key.ts";
import { IS_NOT_EXPIRED, KEY_COLUMNS, rollKey, tooManyKeys, toKeyTerms } from "./api-keys.ts";
import { definedOnly } from "./defined-only.ts";
import { findByApiKey } from "./specification.ts";

const CUSTOMER_COLUMNS = [
  "id",
  "name",
  "email",
  "active",
  "weight",
  "running_limit",
  "waiting_limit",
] as const;
/** Every customer has a wallet: add_customer inserts both. */
const CURRENCY = sql<string>`(SELECT w.currency FROM wallets w WHERE w.customer_id = customers.id)`;
const TIME_COLUMNS = ["created_at", "updated_at", "erased_at"] as const;
export class PostgresCustomerRepository implements CustomerRepository {
  readonly #database: Database;
  readonly #changed: (customer_id: string) => void;
  readonly #limits: CustomerLimits;

  /**
   * `changed` is told of each change that other processes hear of from tell_key_change: here at once. `limits`
   * are those of new customers.
   */
  constructor(
    database: Database,
    changed: (customer_id: string) => void = () => undefined,
    limits: CustomerLimits = {},
  ) {
    this.#database = database;
    this.#changed = changed;
    this.#limits = limits;
  }

  async create(customer: NewCustomer): Promise<Customer> {
    return (await this.createOrReplay(customer)).customer;
  }

  async createOrReplay(
    { id, name, email, currency, weight, running_limit, waiting_limit }: NewCustomer,
    key?: IdempotencyKey,
  ): Promise<{ customer: Customer; replayed: boolean }> {
    const created = await refusingReusedKey(() =>
      callAddCustomer(this.#database, {
        id,
        name,
        email,
        weight: weight ?? null,
        running_limit: (running_limit === undefined ? this.#limits.running_limit : running_limit) ?? null,
        waiting_limit: (waiting_limit === undefined ? this.#limits.waiting_limit : waiting_limit) ?? null,
        wallet: newId(),
        currency,
        key: key?.id ?? null,
        hash: key?.request_hash ?? null,
      }),
    );
    const customer = await this.findById(created);
    if (!customer) throw new Error(`add_customer returned ${created}, which is no customer's id`);
    return { customer, replayed: customer.id !== id };
  }

  async findById(id: string): Promise<Customer | undefined> {
    return await this.#database.kysely
      .selectFrom("customers")
      .select(CUSTOMER_COLUMNS)
      .select(CURRENCY.as("currency"))
      .select(TIME_COLUMNS)
      .where("id", "=", id)
      .executeTakeFirst();
  }

  async findByApiKey(keyHash: string): Promise<KeyOwner | undefined> {
    return await findByApiKey(this, keyHash);
  }

  async findByApiKeys(keyHashes: readonly string[]): Promise<(KeyHolder | undefined)[]> {
    // Before it is asked: no key is believed longer than it is valid.
    const asked_at = performance.now();
    const rows = await callFindKeyHolders(this.#database, { hashes: [...new Set(keyHashes)] });
    const toNote = rows.filter((row) => row.use_to_note).map((row) => row.key_hash);
    // A key is valid although its use cannot be noted just now.
    if (toNote.length > 0) await this.#noteUse(toNote).catch(ignoreAway);
    const holders = new Map(rows.map((row) => [row.key_hash, toHolder(row, asked_at)]));
    return keyHashes.map((hash) => holders.get(hash));
  }

  /**
   * Notes the use of keys, at most once in 45 s a key, so that not every request writes. A cached key in use is
   * looked up every 10 s, so what is noted is right to the minute. Never waits for a process that is noting the
   * same key.
   */
  async #noteUse(hashes: readonly string[]): Promise<void> {
    const { kysely } = this.#database;
    const keys = kysely
      .selectFrom("api_keys")
      .select("id")
      .where(sql<boolean>`key_hash = ANY (${textArray(hashes)}::text[])`)
      .where(sql<boolean>`(last_used_at IS NULL OR last_used_at < now() - interval '45 seconds')`)
      .forNoKeyUpdate()
      .skipLocked();
    await kysely
      .updateTable("api_keys")
      .set({ last_used_at: sql`now()` })
      .where(sql<boolean>`id = ANY (array(${keys}))`)
      .execute();
  }

  async list(page: CustomersPage): Promise<Customer[]> {
    let query = this.#database.kysely
      .selectFrom("customers")
      .select(CUSTOMER_COLUMNS)
      .select(CURRENCY.as("currency"))
      .select(TIME_COLUMNS)
      .orderBy("id", "desc")
      .limit(page.limit);
    if (page.before !== undefined) query = query.where("id", "<", page.before);
    if (page.email !== undefined) query = query.where(sql<boolean>`lower(email) = lower(${page.email})`);
    return await query.execute();
  }

  async update(id: string, changes: CustomerChanges): Promise<Customer | undefined> {
    const updated = await this.#database.kysely
      .updateTable("customers")
      .set({ ...definedOnly(changes), updated_at: sql`now()` })
      .where("id", "=", id)
      .where("erased_at", "is", null)
      .returning(CUSTOMER_COLUMNS)
      .returning(CURRENCY.as("currency"))
      .returning(TIME_COLUMNS)
      .executeTakeFirst();
    if (!updated && (await this.findById(id))) throw customerErased(id);
    this.#changed(id);
    return updated;
  }

  async addApiKey(key: NewApiKey): Promise<ApiKey> {
    // Two calls at once may go above the limit by one: it only has to be an end.
    const added = await this.#database.kysely
      .with("owner", (db) =>
        db
          .updateTable("customers")
          .set({ api_key: key.key_hash })
          .where("id", "=", key.customer_id)
          .where("erased_at", "is", null)
          .where((eb) =>
            eb(
              eb
                .selectFrom("api_keys")
                .select(({ fn }) => fn.countAll<number>().as("valid"))
                .whereRef("api_keys.customer_id", "=", "customers.id")
                .where("revoked_at", "is", null)
                .where(IS_NOT_EXPIRED),
              "<",
              API_KEYS_MAX,
            ),
          )
          .returning("id"),
      )
      .insertInto("api_keys")
      .columns(["id", "customer_id", "name", "prefix", "key_hash", "scopes", "expires_at"])
      .expression((db) =>
        db
          .selectFrom("owner")
          .select((eb) => [
            eb.cast<string>(eb.val(key.id), "uuid").as("id"),
            "owner.id as customer_id",
            eb.cast<string | null>(eb.val(key.name), "text").as("name"),
            eb.cast<string>(eb.val(key.prefix), "text").as("prefix"),
            eb.cast<string>(eb.val(key.key_hash), "text").as("key_hash"),
            sql<Scope[]>`${textArray(key.scopes ?? SCOPES)}::text[]`.as("scopes"),
            sql<string | null>`${key.expires_at ?? null}::timestamptz`.as("expires_at"),
          ]),
      )
      .returning(KEY_COLUMNS)
      .executeTakeFirst();
    if (added) return added;
    const customer = await this.findById(key.customer_id);
    if (!customer) throw customerNotFound(key.customer_id);
    if (customer.erased_at !== null) throw customerErased(key.customer_id);
    throw tooManyKeys();
  }

  async rollApiKey(key: RolledKey): Promise<{ key: ApiKey; replaced: ApiKey }> {
    const rolled = await rollKey(this.#database, key);
    this.#changed(key.customer_id);
    return rolled;
  }

  async findApiKey(keyHash: string): Promise<ApiKey | undefined> {
    return await this.#database.kysely
      .selectFrom("api_keys")
      .select(KEY_COLUMNS)
      .where("key_hash", "=", keyHash)
      .where("revoked_at", "is", null)
      .where(IS_NOT_EXPIRED)
      .executeTakeFirst();
  }

  async listApiKeys(customerId: string): Promise<ApiKey[]> {
    return await this.#database.kysely
      .selectFrom("api_keys")
      .select(KEY_COLUMNS)
      .where("customer_id", "=", customerId)
      .orderBy("id", "desc")
      .execute();
  }

  async revokeApiKey(customerId: string, keyId: string): Promise<boolean> {
    const revoked = await this.#database.kysely
      // The customer before its keys, as roll_api_key and start_erasure lock them.
      .with("owner", (db) => db.selectFrom("customers").select("id").where("id", "=", customerId).forUpdate())
      .with("revoked", (db) =>
        db
          .updateTable("api_keys")
          .set({ revoked_at: sql`coalesce(revoked_at, now())` })
          .where("customer_id", "=", (eb) => eb.selectFrom("owner").select("id"))
          .where("id", "=", keyId)
          .returning("id"),
      )
      .with("newest", (db) =>
        db
          .updateTable("customers")
          .set((eb) => ({
            api_key: eb
              .selectFrom("api_keys")
              .select("key_hash")
              .where("customer_id", "=", customerId)
              .where("id", "!=", keyId)
              .where("revoked_at", "is", null)
              .orderBy("id", "desc")
              .limit(1),
          }))
          .where("id", "=", customerId),
      )
      .selectFrom("revoked")
      .select("id")
      .executeTakeFirst();
    this.#changed(customerId);
    return revoked !== undefined;
  }
}

function ignoreAway(error: unknown): void {
  if (!isRetryable(error)) throw error;
}

function toHolder(row: FindKeyHoldersRow, asked_at: number): KeyHolder {
  const { id, name, email, active, created_at, updated_at } = row;
  return { id, name, email, active, created_at, updated_at, key: toKeyTerms(row, asked_at) };
}
