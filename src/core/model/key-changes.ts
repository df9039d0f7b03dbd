/**
 * Hears of changes of customers and their keys, of operators, and of sessions that ended, in whatever process
 * it was done.
 */
export interface KeyChanges {
  /**
   * From now on calls `forget` with the id of each customer, operator or session that changed, or without one
   * when changes may have been missed. There may be several that watch.
   */
  watch(forget: (id?: string) => void): void;
  /**
   * The time of `performance.now()` up to which every change has been heard; `-Infinity` while nothing proves
   * that anything is heard.
   */
  readonly proved_at: number;
  /** Somebody relies on `proved_at`: it is proved anew for some seconds. */
  keepProving(): void;
  close(): void;
}
