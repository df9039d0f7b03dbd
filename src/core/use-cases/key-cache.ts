import { PlatformError } from "../lib/errors.ts";
import { GroupCommit } from "../lib/group-commit.ts";
import { withRetry } from "../lib/with-retry.ts";
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

interface Known<Owner> {
  readonly owner: Owner;
  /** Before the look-up was sent: whatever changed later may be missing from it. */
  readonly read_at: number;
  refreshing: boolean;
}

/** Where owners are looked up, and which changes concern them. */
export interface KeySource<Owner> {
  /** The owners of a batch of hashes, in order; undefined where there is none. */
  findAll(hashes: readonly string[]): Promise<(Owner | undefined)[]>;
  /** Whether a change of what has this id, which `KeyChanges` tells of, changes this owner. */
  concerns(owner: Owner, id: string): boolean;
}

/**
 * The owners of keys, or of sessions, by the hashes of what was sent, cached. A revoked key, an inactive customer and any other
 * change is known within `KEY_TRUST_MS` in every process. Mostly at once, because the database tells of it
 * (`KeyChanges`). And always, because what is cached counts only while it was read, or all changes are proved
 * to have been heard, within that time.
 */
export class KeyCache<Owner> {
  readonly #source: KeySource<Owner>;
  readonly #changes: KeyChanges;
  readonly #lookUps: GroupCommit<string, Owner | undefined>;
  /** The oldest look-up first. */
  readonly #known = new Map<string, Known<Owner>>();
  /** When keys that nobody has were looked up. A separate cache, so that a flood of them evicts no other. */
  readonly #unknown = new Map<string, number>();
  /** Grows with each change: what was looked up across one is not cached. */
  #changed = 0;
  #watches = false;

  constructor(source: KeySource<Owner>, changes: KeyChanges) {
    this.#source = source;
    this.#changes = changes;
    this.#lookUps = new GroupCommit({
      run: (hashes) => this.#lookUp(hashes),
      batchMax: KEY_LOOKUP_BATCH_MAX,
      queueMax: KEY_LOOKUPS_WAITING_MAX,
      onFull: () =>
        new PlatformError("unavailable", "Too many requests are waiting for the database. Try again."),
      isolates: () => false,
    });
  }

  /** The owner of a key from the cache alone. */
  peek(hash: string): Owner | undefined {
    const known = this.#known.get(hash);
    if (!known) return undefined;
    this.#changes.keepProving();
    const now = performance.now();
    const left_ms = Math.max(known.read_at, this.#changes.proved_at) + KEY_TRUST_MS - now;
    if (left_ms < 0) return undefined;
    // In good time, so that no request waits for it.
    if (left_ms < KEY_TRUST_MS / 2 || now - known.read_at > KEY_REFRESH_MS) this.#refresh(hash, known);
    return known.owner;
  }

  /**
   * Looks the owner of a key up. Undefined when nobody has it, or it was revoked. With `patience_ms`, tries as
   * long again while the database is away.
   */
  async find(hash: string, patience_ms = 0): Promise<Owner | undefined> {
    const missed_at = this.#unknown.get(hash);
    if (missed_at !== undefined && performance.now() - missed_at < KEY_TRUST_MS) return undefined;
    if (patience_ms <= 0) return await this.#lookUps.add(hash);
    return await withRetry(() => this.#lookUps.add(hash), {
      for_ms: patience_ms,
      delay_max_ms: SUBMIT_RETRY_DELAY_MAX_MS,
    });
  }

  /** Forgets the owners that a change of this id concerns, or all. */
  forget(id?: string): void {
    this.#changed += 1;
    if (id === undefined) {
      this.#known.clear();
      return;
    }
    for (const [hash, { owner }] of this.#known)
      if (this.#source.concerns(owner, id)) this.#known.delete(hash);
  }

  /** A look-up that fails leaves what is cached, until its time is over. */
  #refresh(hash: string, known: Known<Owner>): void {
    if (known.refreshing) return;
    known.refreshing = true;
    void this.#lookUps
      .add(hash)
      .catch(() => undefined)
      .finally(() => (known.refreshing = false));
  }

  async #lookUp(hashes: readonly string[]): Promise<(Owner | undefined)[]> {
    if (!this.#watches) this.#changes.watch((id) => this.forget(id));
    this.#watches = true;
    const [changed, read_at] = [this.#changed, performance.now()];
    const found = await this.#source.findAll(hashes);
    for (const [index, hash] of hashes.entries()) {
      const owner = found[index];
      this.#known.delete(hash);
      this.#unknown.delete(hash);
      if (!owner) cache(this.#unknown, UNKNOWN_KEYS_CACHED_MAX, hash, read_at);
      else if (changed === this.#changed)
        cache(this.#known, KEYS_CACHED_MAX, hash, { owner, read_at, refreshing: false });
    }
    return found;
  }
}

/** Makes room for one more by dropping the oldest: a `Map` keeps the order in which keys were set. */
function cache<Value>(map: Map<string, Value>, max: number, key: string, value: Value): void {
  if (map.size >= max) map.delete(map.keys().next().value ?? "");
  map.set(key, value);
}
