/** Rings across processes when jobs were committed, for runners that have no Redis to block on. A lost ring costs one poll interval. */
export interface Bell {
  ring(): Promise<void>;
  /** Rings heard so far. Read it before looking for jobs, so that a ring in between is not missed. */
  readonly heard: number;
  /** Resolves when more than `heard` rings have been heard, or after `wait_ms`, whichever comes first. */
  wait(heard: number, wait_ms: number): Promise<void>;
  /** Ends every `wait` of this process. */
  wake(): void;
  close(): Promise<void>;
}
