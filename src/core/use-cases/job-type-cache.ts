import { JOB_TYPES_CACHED_MAX, JOB_TYPE_CACHE_MS, JOB_TYPE_READ_AHEAD_MS } from "../model/limits.ts";
import type { JobType, JobTypeRepository } from "../model/job-type.ts";

interface Cached {
  readonly jobType: JobType;
  readonly read_at: number;
}

/**
 * Job types by id. One query reads all that a batch needs and that are not cached. Those in use are read again before
 * they are too old, so that nobody waits for that.
 */
export class JobTypeCache {
  readonly #jobTypes: Pick<JobTypeRepository, "findByIds">;
  readonly #cached = new Map<string, Cached>();
  #readsAhead = false;
  /** How often this process has changed a job type. */
  #changes = 0;

  constructor(jobTypes: Pick<JobTypeRepository, "findByIds">) {
    this.#jobTypes = jobTypes;
  }

  /** `findByIds` from the cache alone; undefined when one of them is not cached. */
  peek(ids: readonly string[]): ReadonlyMap<string, JobType> | undefined {
    const now = performance.now();
    const known = new Map<string, JobType>();
    let oldest = now;
    for (const id of ids) {
      const cached = this.#cached.get(id);
      if (!cached || now - cached.read_at > JOB_TYPE_CACHE_MS) return undefined;
      known.set(id, cached.jobType);
      if (cached.read_at < oldest) oldest = cached.read_at;
    }
    if (now - oldest > JOB_TYPE_READ_AHEAD_MS) void this.#readAhead([...known.keys()]);
    return known;
  }

  /** Finds the job types of those ids that exist. */
  async findByIds(ids: Iterable<string>): Promise<ReadonlyMap<string, JobType>> {
    const wanted = [...new Set(ids)];
    const known = this.peek(wanted);
    if (known) return known;
    const oldest = performance.now() - JOB_TYPE_CACHE_MS;
    const unread = wanted.filter((id) => (this.#cached.get(id)?.read_at ?? -Infinity) < oldest);
    if (unread.length > 0) await this.#read(unread);
    return new Map(
      wanted.flatMap((id) => {
        const jobType = this.#cached.get(id)?.jobType;
        return jobType ? [[id, jobType] as const] : [];
      }),
    );
  }

  /** Drops a job type from the cache, after this process changed it. */
  forget(id: string): void {
    this.#changes += 1;
    this.#cached.delete(id);
  }

  async #read(ids: readonly string[]): Promise<void> {
    const read_at = performance.now();
    this.#keep(ids, await this.#jobTypes.findByIds(ids), read_at);
  }

  /** One read at a time. When it fails, whoever needs the job types later waits for them, as ever. */
  async #readAhead(ids: readonly string[]): Promise<void> {
    if (this.#readsAhead) return;
    this.#readsAhead = true;
    const read_at = performance.now();
    const changes = this.#changes;
    try {
      const found = await this.#jobTypes.findByIds(ids);
      // Otherwise it may have been read before the change.
      if (changes === this.#changes) this.#keep(ids, found, read_at);
    } catch {
      // See above.
    } finally {
      this.#readsAhead = false;
    }
  }

  #keep(ids: readonly string[], jobTypes: readonly JobType[], read_at: number): void {
    const found = new Map(jobTypes.map((jobType) => [jobType.id, jobType]));
    if (this.#cached.size + ids.length > JOB_TYPES_CACHED_MAX) this.#cached.clear();
    for (const id of ids) {
      // An id that does not exist is not cached: it may be created in the next moment.
      const jobType = found.get(id);
      if (jobType) this.#cached.set(id, { jobType, read_at });
      else this.#cached.delete(id);
    }
  }
}
