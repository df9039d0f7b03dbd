/** Hears of changes of customers and of their keys, in whatever process they were made. */
export interface KeyChanges {
  /**
   * From now on calls `forget` with the id of each customer that changed, or without one when changes may
   * have been missed.
   */
  watch(forget: (customer_id?: string) => void): void;
  /**
   * The time of `performance.now()` up to which every change has been heard; `-Infinity` while nothing proves
   * that anything is heard.
   */
  readonly proved_at: number;
  /** Somebody relies on `proved_at`: it is proved anew for some seconds. */
  keepProving(): void;
  close(): void;
}
