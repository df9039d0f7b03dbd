import type { Scope } from "./api-key.ts";
import type { IdempotencyKey } from "./idempotency.ts";
import type { Page } from "./page.ts";

/** The weight of a new customer: the default of its column. */
export const WEIGHT_DEFAULT = 1;

/** The owner of an API key: the row of the customer alone. */
export interface KeyOwner {
  readonly id: string;
  readonly name: string;
  readonly email: string;
  readonly active: boolean;
  readonly created_at: string;
  readonly updated_at: string;
}

/** What the key of a request may do. */
export interface KeyTerms {
  readonly api_key_id: string;
  readonly scopes: readonly Scope[];
  /** Whether a scope is missing. Few keys have fewer than all: only these are looked at any further. */
  readonly isLimited: boolean;
  readonly expires_at: string | null;
  /** The same moment in the time of `performance.now()`; `Infinity` when it never expires. */
  readonly ends_at: number;
}

/** The owner of a key, and what that key may do, as the look-up of every request finds them. */
export interface KeyHolder extends KeyOwner {
  readonly key: KeyTerms;
}

/** A customer as it is returned. Timestamps are RFC 3339 text in UTC with microseconds. */
export interface Customer extends KeyOwner {
  /** ISO 4217: that of the wallet. It never changes. */
  readonly currency: string;
  /** Its share of the slots, compared with other customers that wait. */
  readonly weight: number;
  /** How many of its jobs may run at the same time; null: as many as there are slots. */
  readonly running_limit: number | null;
  /** When it was erased; null: it was not. */
  readonly erased_at: string | null;
  /** How many of its jobs may wait when it submits another one; null: any number. */
  readonly waiting_limit: number | null;
}

/** A customer to create. Its wallet is created in the same statement, in `currency`. */
export interface NewCustomer {
  readonly id: string;
  readonly name: string;
  readonly email: string;
  /** ISO 4217, upper case. */
  readonly currency: string;
  /** Left out: `WEIGHT_DEFAULT`. */
  readonly weight?: number | undefined;
  /** Left out: that of new customers. */
  readonly running_limit?: number | null | undefined;
  /** Left out: that of new customers. */
  readonly waiting_limit?: number | null | undefined;
}

/** The limits that a new customer has. Left out: none. */
export interface CustomerLimits {
  readonly running_limit?: number | undefined;
  readonly waiting_limit?: number | undefined;
}

export interface CustomerChanges {
  readonly name?: string | undefined;
  readonly email?: string | undefined;
  readonly active?: boolean | undefined;
  readonly weight?: number | undefined;
  readonly running_limit?: number | null | undefined;
  readonly waiting_limit?: number | null | undefined;
}

/** A key as it may be shown. The key itself is returned once, when it is created. */
export interface ApiKey {
  readonly id: string;
  readonly customer_id: string;
  readonly name: string | null;
  readonly prefix: string;
  readonly scopes: readonly Scope[];
  readonly created_at: string;
  /** From then on it is refused. Null: never. */
  readonly expires_at: string | null;
  readonly last_used_at: string | null;
  readonly revoked_at: string | null;
}

export interface NewApiKey {
  readonly id: string;
  readonly customer_id: string;
  readonly name: string | null;
  readonly prefix: string;
  /** All of them when left out. */
  readonly scopes?: readonly Scope[] | undefined;
  /** RFC 3339. Null, or left out: never. */
  readonly expires_at?: string | null | undefined;
  /** `sha256:<hex>` of the key: all that is kept of it. */
  readonly key_hash: string;
}

/** A key that takes the place of another one of its customer. */
export interface RolledKey {
  readonly id: string;
  readonly customer_id: string;
  /** The one that it replaces. */
  readonly replaces: string;
  readonly prefix: string;
  readonly key_hash: string;
  /** How long the old one stays valid, unless it expires earlier by itself. */
  readonly overlap_seconds: number;
  /** Of the new one. Null: never. */
  readonly expires_at: string | null;
  /** Whether the new one expires when the old one would have, or at `expires_at` if that is earlier. */
  readonly keepsExpiry: boolean;
}

export interface CustomersPage extends Page {
  readonly email?: string | undefined;
}

/** Where customers and the hashes of their keys live. */
export interface CustomerRepository {
  /** Stores the customer and its empty wallet together. */
  create(customer: NewCustomer): Promise<Customer>;
  /**
   * `create` under an Idempotency-Key. When an earlier request with this key created the customer, that
   * customer is returned with `replayed: true`. Throws `idempotency_key_reused`.
   */
  createOrReplay(
    customer: NewCustomer,
    key?: IdempotencyKey,
  ): Promise<{ customer: Customer; replayed: boolean }>;
  findById(id: string): Promise<Customer | undefined>;
  /** Finds the owner of a key by the key's hash. Undefined when the key is unknown, revoked or has expired. */
  findByApiKey(keyHash: string): Promise<KeyOwner | undefined>;
  /**
   * The holders of a batch of keys, in order; undefined where a key is unknown or revoked. One that has expired
   * is found, with an `ends_at` that is past. Records the use of each valid key, to the minute.
   */
  findByApiKeys(keyHashes: readonly string[]): Promise<(KeyHolder | undefined)[]>;
  /** Newest first. With `email`, those that have that address, in upper or lower case. */
  list(page: CustomersPage): Promise<Customer[]>;
  /** Returns the changed customer; undefined when there is none. Throws `customer_erased`. */
  update(id: string, changes: CustomerChanges): Promise<Customer | undefined>;
  /** Throws `not_found` when there is no such customer, `customer_erased`, and `too_many_keys` when it has `API_KEYS_MAX` valid ones. */
  addApiKey(key: NewApiKey): Promise<ApiKey>;
  /**
   * Creates a key with the name and the scopes of another one, which stays valid for the overlap. Both happen
   * together. Throws `not_found` when that key is not this customer's, was revoked or has expired, and
   * `too_many_keys`.
   */
  rollApiKey(key: RolledKey): Promise<{ readonly key: ApiKey; readonly replaced: ApiKey }>;
  /** Finds a valid key by its hash. */
  findApiKey(keyHash: string): Promise<ApiKey | undefined>;
  listApiKeys(customerId: string): Promise<ApiKey[]>;
  /** Returns true when the key exists and is this customer's. A key revoked before stays revoked. */
  revokeApiKey(customerId: string, keyId: string): Promise<boolean>;
}
