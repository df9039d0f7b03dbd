import { PlatformError } from "../lib/errors.ts";
import { GroupCommit } from "../lib/group-commit.ts";
import { withRetry } from "../lib/with-retry.ts";
import type { KeyOwner, CustomerRepository } from "../model/customer.ts";
import type { KeyChanges } from "../model/key-changes.ts";
import {
  KEY_LOOKUP_BATCH_MAX,
  KEY_LOOKUPS_WAITING_MAX,
  KEY_REFRESH_MS,
  KEY_TRUST_MS,
  KEYS_CACHED_MAX,
  SUBMIT_RETRY_DELAY_MAX_MS,
  UNKNOWN_KEYS_CACHED_MAX,
} from "../model/limits.ts";

interface Known {
  readonly customer: KeyOwner;
  /** Before the look-up was sent: whatever changed later may be missing from it. */
  readonly read_at: number;
  refreshing: boolean;
}

/**
 * The owners of keys, by the hashes of the keys, cached. A revoked key, an inactive customer and any other
 * change is known within `KEY_TRUST_MS` in every process. Mostly at once, because the database tells of it
 * (`KeyChanges`). And always, because what is cached counts only while it was read, or all changes are proved
 * to have been heard, within that time.
 */
export class CustomerKeys {
  readonly #changes: KeyChanges;
  readonly #lookUps: GroupCommit<string, KeyOwner | undefined>;
  /** The oldest look-up first. */
  readonly #known = new Map<string, Known>();
  /** When keys that nobody has were looked up. A separate cache, so that a flood of them evicts no other. */
  readonly #unknown = new Map<string, number>();
  /** Grows with each change: what was looked up across one is not cached. */
  #changed = 0;
  #watches = false;

  constructor(customers: Pick<CustomerRepository, "findByApiKeys">, changes: KeyChanges) {
    this.#changes = changes;
    this.#lookUps = new GroupCommit({
      run: (hashes) => this.#lookUp(customers, hashes),
      batchMax: KEY_LOOKUP_BATCH_MAX,
      queueMax: KEY_LOOKUPS_WAITING_MAX,
      onFull: () =>
        new PlatformError("unavailable", "Too many requests are waiting for the database. Try again."),
      isolates: () => false,
    });
  }

  /** The owner of a key from the cache alone. */
  peek(hash: string): KeyOwner | undefined {
    const known = this.#known.get(hash);
    if (!known) return undefined;
    this.#changes.keepProving();
    const now = performance.now();
    const left_ms = Math.max(known.read_at, this.#changes.proved_at) + KEY_TRUST_MS - now;
    if (left_ms < 0) return undefined;
    // In good time, so that no request waits for it.
    if (left_ms < KEY_TRUST_MS / 2 || now - known.read_at > KEY_REFRESH_MS) this.#refresh(hash, known);
    return known.customer;
  }

  /**
   * Looks the owner of a key up. Undefined when nobody has it, or it was revoked. With `patience_ms`, tries as
   * long again while the database is away.
   */
  async find(hash: string, patience_ms = 0): Promise<KeyOwner | undefined> {
    const missed_at = this.#unknown.get(hash);
    if (missed_at !== undefined && performance.now() - missed_at < KEY_TRUST_MS) return undefined;
    if (patience_ms <= 0) return await this.#lookUps.add(hash);
    return await withRetry(() => this.#lookUps.add(hash), {
      for_ms: patience_ms,
      delay_max_ms: SUBMIT_RETRY_DELAY_MAX_MS,
    });
  }

  /** Forgets what is cached of a customer, or of all. */
  forget(customer_id?: string): void {
    this.#changed += 1;
    if (customer_id === undefined) {
      this.#known.clear();
      return;
    }
    for (const [hash, { customer }] of this.#known) if (customer.id === customer_id) this.#known.delete(hash);
  }

  /** A look-up that fails leaves what is cached, until its time is over. */
  #refresh(hash: string, known: Known): void {
    if (known.refreshing) return;
    known.refreshing = true;
    void this.#lookUps
      .add(hash)
      .catch(() => undefined)
      .finally(() => (known.refreshing = false));
  }

  async #lookUp(
    customers: Pick<CustomerRepository, "findByApiKeys">,
    hashes: readonly string[],
  ): Promise<(KeyOwner | undefined)[]> {
    if (!this.#watches) this.#changes.watch((customer_id) => this.forget(customer_id));
    this.#watches = true;
    const [changed, read_at] = [this.#changed, performance.now()];
    const found = await customers.findByApiKeys(hashes);
    for (const [index, hash] of hashes.entries()) {
      const customer = found[index];
      this.#known.delete(hash);
      this.#unknown.delete(hash);
      if (!customer) cache(this.#unknown, UNKNOWN_KEYS_CACHED_MAX, hash, read_at);
      else if (changed === this.#changed)
        cache(this.#known, KEYS_CACHED_MAX, hash, { customer, read_at, refreshing: false });
    }
    return found;
  }
}

/** Makes room for one more by dropping the oldest: a `Map` keeps the order in which keys were set. */
function cache<Value>(map: Map<string, Value>, max: number, key: string, value: Value): void {
  if (map.size >= max) map.delete(map.keys().next().value ?? "");
  map.set(key, value);
}
