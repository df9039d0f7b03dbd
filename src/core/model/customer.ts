import type { IdempotencyKey } from "./idempotency.ts";
import type { Page } from "./page.ts";

/** The weight of a new customer: the default of its column. */
export const WEIGHT_DEFAULT = 1;

/** The owner of an API key, as the look-up of every request finds it: the row of the customer alone. */
export interface KeyOwner {
  readonly id: string;
  readonly name: string;
  readonly email: string;
  readonly active: boolean;
  readonly created_at: string;
  readonly updated_at: string;
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
  /** Left out: none. */
  readonly running_limit?: number | null | undefined;
}

export interface CustomerChanges {
  readonly name?: string | undefined;
  readonly email?: string | undefined;
  readonly active?: boolean | undefined;
  readonly weight?: number | undefined;
  readonly running_limit?: number | null | undefined;
}

/** A key as it may be shown. The key itself is returned once, when it is created. */
export interface ApiKey {
  readonly id: string;
  readonly customer_id: string;
  readonly name: string | null;
  readonly prefix: string;
  readonly created_at: string;
  readonly last_used_at: string | null;
  readonly revoked_at: string | null;
}

export interface NewApiKey {
  readonly id: string;
  readonly customer_id: string;
  readonly name: string | null;
  readonly prefix: string;
  /** `sha256:<hex>` of the key: all that is kept of it. */
  readonly key_hash: string;
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
  /** Finds the owner of a key by the key's hash. Undefined when the key is unknown or revoked. */
  findByApiKey(keyHash: string): Promise<KeyOwner | undefined>;
  /** `findByApiKey` for a batch, in order. Records the use of each key, to the minute. */
  findByApiKeys(keyHashes: readonly string[]): Promise<(KeyOwner | undefined)[]>;
  /** Newest first. With `email`, those that have that address, in upper or lower case. */
  list(page: CustomersPage): Promise<Customer[]>;
  /** Returns the changed customer; undefined when there is none. Throws `customer_erased`. */
  update(id: string, changes: CustomerChanges): Promise<Customer | undefined>;
  /** Throws `not_found` when there is no such customer, `customer_erased`, and `too_many_keys` when it has `API_KEYS_MAX` valid ones. */
  addApiKey(key: NewApiKey): Promise<ApiKey>;
  /** Finds a valid key by its hash. */
  findApiKey(keyHash: string): Promise<ApiKey | undefined>;
  listApiKeys(customerId: string): Promise<ApiKey[]>;
  /** Returns true when the key exists and is this customer's. A key revoked before stays revoked. */
  revokeApiKey(customerId: string, keyId: string): Promise<boolean>;
}
