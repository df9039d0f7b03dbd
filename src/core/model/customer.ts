import type { IdempotencyKey } from "./idempotency.ts";
import type { Page } from "./page.ts";

/** A customer as it is stored and answered. Timestamps are RFC 3339 text in UTC with microseconds. */
export interface Customer {
  readonly id: string;
  readonly name: string;
  readonly email: string;
  readonly active: boolean;
  readonly created_at: string;
  readonly updated_at: string;
}

/** What a customer is made from. The wallet is made in the same statement, in `currency`. */
export interface NewCustomer {
  readonly id: string;
  readonly name: string;
  readonly email: string;
  /** ISO 4217, upper case. */
  readonly currency: string;
}

export interface CustomerChanges {
  readonly name?: string | undefined;
  readonly email?: string | undefined;
  readonly active?: boolean | undefined;
}

/** A key as it may be shown: never the key itself, which is answered once, when it is made. */
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

/** Where customers and the hashes of their keys live. */
export interface CustomerRepository {
  /** Stores the customer and its empty wallet together. */
  create(customer: NewCustomer): Promise<Customer>;
  /** `create` that tells whether an earlier request under the same key had made the customer, who is then the answer. Throws `idempotency_key_reused`. */
  createOrReplay(
    customer: NewCustomer,
    key?: IdempotencyKey,
  ): Promise<{ customer: Customer; replayed: boolean }>;
  findById(id: string): Promise<Customer | undefined>;
  /** The owner of a key that is not revoked, by the key's hash. */
  findByApiKey(keyHash: string): Promise<Customer | undefined>;
  /** The batch form of `findByApiKey`: one answer a hash, in the order given. Notes the use of each key, at most once a minute. */
  findByApiKeys(keyHashes: readonly string[]): Promise<(Customer | undefined)[]>;
  /** Newest first. */
  list(page: Page): Promise<Customer[]>;
  /** Answers the changed customer, or undefined when there is none. */
  update(id: string, changes: CustomerChanges): Promise<Customer | undefined>;
  /** Throws `not_found` when there is no such customer. */
  addApiKey(key: NewApiKey): Promise<ApiKey>;
  listApiKeys(customerId: string): Promise<ApiKey[]>;
  /** True when the key exists and is that customer's; a key revoked before stays revoked. */
  revokeApiKey(customerId: string, keyId: string): Promise<boolean>;
}
