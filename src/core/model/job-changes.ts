/** `changed`: it started, waits again, or told something. `ended`: it has ended. */
export type JobChange = "changed" | "ended";

/**
 * Tells all processes which jobs changed, so that whoever waits for one need not ask again and again. A change can be
 * lost: whoever waits also looks by itself now and then.
 */
export interface JobChanges {
  /** Call it after the change is committed. It costs a fraction of a microsecond: many go out together. */
  tell(job_id: string, change: JobChange): void;
  /** From now on calls `heard` for each change of a job, until the returned function is called. */
  watch(job_id: string, heard: (change: JobChange) => void): () => void;
  close(): Promise<void>;
}
