import { JOB_TYPES_CACHED_MAX, JOB_TYPE_CACHE_MS } from "../model/limits.ts";
import type { JobType, JobTypeRepository } from "../model/job-type.ts";

interface Cached {
  readonly jobType: JobType;
  readonly read_at: number;
}

/** Job types by id. One query reads all that a batch needs and that are not cached. */
export class JobTypeCache {
  readonly #jobTypes: JobTypeRepository;
  readonly #cached = new Map<string, Cached>();

  constructor(jobTypes: JobTypeRepository) {
    this.#jobTypes = jobTypes;
  }

  /** `findByIds` from the cache alone; undefined when one of them is not cached. */
  peek(ids: readonly string[]): ReadonlyMap<string, JobType> | undefined {
    const oldest = performance.now() - JOB_TYPE_CACHE_MS;
    const known = new Map<string, JobType>();
    for (const id of ids) {
      const cached = this.#cached.get(id);
      if (!cached || cached.read_at < oldest) return undefined;
      known.set(id, cached.jobType);
    }
    return known;
  }

  /** Finds the job types of those ids that exist. */
  async findByIds(ids: Iterable<string>): Promise<ReadonlyMap<string, JobType>> {
    const wanted = [...new Set(ids)];
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
    this.#cached.delete(id);
  }

  async #read(ids: readonly string[]): Promise<void> {
    const read_at = performance.now();
    const found = new Map((await this.#jobTypes.findByIds(ids)).map((jobType) => [jobType.id, jobType]));
    if (this.#cached.size + ids.length > JOB_TYPES_CACHED_MAX) this.#cached.clear();
    for (const id of ids) {
      // An id that does not exist is not cached: it may be created in the next moment.
      const jobType = found.get(id);
      if (jobType) this.#cached.set(id, { jobType, read_at });
      else this.#cached.delete(id);
    }
  }
}
