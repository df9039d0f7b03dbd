/** `changed`: it started, waits again, or told something. `ended`: it has ended. */
export type JobChange = "changed" | "ended";

/** What is told of a job. */
interface ChangedJob {
  readonly id: string;
  readonly customer_id: string;
}

/** Hears of the jobs of all customers. */
export interface FeedWatcher {
  /** A job of a customer changed; without an id, new jobs came. */
  changed(customer_id: string, job_id?: string): void;
  /** The feed of ended jobs has grown. */
  grew(): void;
  /** From here on it hears. What was told before, or while the connection was lost, it did not hear. */
  opened(): void;
}

/**
 * Tells all processes which jobs changed, so that whoever waits for one need not ask again and again. A change can be
 * lost: whoever waits also looks by itself now and then.
 */
export interface JobChanges {
  /** Call it after the change is committed. It costs a fraction of a microsecond: many go out together. */
  tell(job: ChangedJob, change: JobChange): void;
  /** Tells that a customer has new jobs: once for all of 25 ms, however many. */
  tellNew(customer_id: string): void;
  /** From now on calls `heard` for each change of a job, until the returned function is called. */
  watch(job_id: string, heard: (change: JobChange) => void): () => void;
  /** The same of all jobs. */
  watchAll(watcher: FeedWatcher): () => void;
  close(): Promise<void>;
}
