/**
 * Tells all processes that jobs were committed, for runners that have no Redis to wait on. A ring can be
 * lost.
 */
export interface Bell {
  ring(): Promise<void>;
  /** Number of rings so far. Read it before looking for jobs, so that a ring in between is not missed. */
  readonly heard: number;
  /** Resolves when there have been more than `heard` rings, or after `wait_ms`, whichever comes first. */
  wait(heard: number, wait_ms: number): Promise<void>;
  /** Ends every `wait` of this process. */
  wake(): void;
  close(): Promise<void>;
}
