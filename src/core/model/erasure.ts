/**
 * `running`: the customer's name, address, keys and sessions are gone, and upkeep erases the rest. `done`:
 * nothing of the customer is left but what money needs.
 */
export const ERASURE_STATUSES = ["preview", "running", "done"] as const;
export type ErasureStatus = (typeof ERASURE_STATUSES)[number];

/**
 * What holds an erasure up: `transactions` that began before it, `jobs` that have not ended, or a `balance`
 * of which nobody has decided what becomes of it.
 */
export const ERASURE_WAITS = ["transactions", "jobs", "balance"] as const;
export type ErasureWait = (typeof ERASURE_WAITS)[number];

/** What there is of a customer, before its erasure or now. */
export interface ErasureScope {
  readonly api_keys: number;
  readonly sessions: number;
  /** All jobs of the customer; with `is_capped` there are more. They stay, without what they were given. */
  readonly jobs: number;
  readonly is_capped: boolean;
  /** Those of them that wait or run; `OPEN_JOBS_COUNTED_MAX` at most. */
  readonly open_jobs: number;
  /** Ledger entries. They stay as they are. */
  readonly entries: number;
  /** Those of them whose reference or reason has the customer's name or address in it. They stay, too. */
  readonly entries_with_name: number;
  readonly balance_cents: number;
  readonly currency: string;
}

export interface Erasure extends ErasureScope {
  readonly customer_id: string;
  readonly status: ErasureStatus;
  /** What has to happen before it goes on; null: nothing. */
  readonly waits_for: ErasureWait | null;
  readonly requested_at: string | null;
  readonly ended_at: string | null;
  /** So far. */
  readonly jobs_cancelled: number;
  readonly jobs_erased: number;
  /** Actions of operators whose details are gone, so far. */
  readonly actions_erased: number;
}

export interface NewErasure {
  readonly customer_id: string;
  /** Cancel jobs that have not ended. Otherwise a customer that has some is refused. */
  readonly cancels_jobs: boolean;
  /** Give the balance up by a ledger entry. Otherwise a customer that has one is refused. */
  readonly forfeits: boolean;
  /** Who gives it up. */
  readonly actor: string;
}

export interface ErasureRepository {
  /** What an erasure did so far, or, where none has started, what it would find. Undefined: no such customer. */
  find(customer_id: string): Promise<Erasure | undefined>;
  /**
   * Starts an erasure. One that has started only gets the decisions that are new. Throws `not_found`,
   * `jobs_open` or `balance_left`, and has then changed nothing.
   */
  start(erasure: NewErasure): Promise<void>;
  /** Does the next batch. False: it has ended, waits for something, or another process is at it. */
  advance(customer_id: string): Promise<boolean>;
  /** Does a batch of the erasure that has waited longest. False: there is none that can go on now. */
  advanceNext(): Promise<boolean>;
}
