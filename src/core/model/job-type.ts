import { ATTEMPTS_DEFAULT, TIMEOUT_DEFAULT_SECONDS } from "./limits.ts";
import type { Page } from "./page.ts";

export const JOB_TYPE_DEFAULTS = {
  max_attempts: ATTEMPTS_DEFAULT,
  timeout_seconds: TIMEOUT_DEFAULT_SECONDS,
} as const;

/** A kind of work that customers can buy. */
export interface JobType {
  readonly id: string;
  readonly name: string;
  /** The `id` of the processor that runs it. */
  readonly processing_logic_id: string;
  /** Quoted to a job when it is submitted, and held; a later change never hits a job already accepted. */
  readonly standard_cost_cents: number;
  /** ISO 4217: what `standard_cost_cents` is in. Only wallets in it pay the standard cost, if it is not 0. */
  readonly currency: string;
  readonly enabled: boolean;
  readonly max_attempts: number;
  readonly timeout_seconds: number;
  /** JSON Schema (draft 2020-12) that `input_data` must match at submission; null: its processor's holds. */
  readonly input_schema: unknown;
  /** The JSON Schema that runners registered for its processor; null when there is none. */
  readonly processor_input_schema: unknown;
  /** Since when its jobs wait without being claimed; null when they are not held back. */
  readonly paused_at: string | null;
  /** How many of its jobs may run at the same time; null: as many as there are slots. */
  readonly running_limit: number | null;
  /** A living runner serves it. */
  readonly served: boolean;
  readonly created_at: string;
  readonly updated_at: string;
}

export interface NewJobType {
  readonly id: string;
  readonly name: string;
  readonly processing_logic_id: string;
  readonly standard_cost_cents: number;
  readonly currency?: string | undefined;
  readonly enabled?: boolean | undefined;
  readonly max_attempts?: number | undefined;
  readonly timeout_seconds?: number | undefined;
  readonly input_schema?: unknown;
  readonly running_limit?: number | null | undefined;
}

export type JobTypeChanges = {
  readonly [Field in keyof Omit<NewJobType, "id">]?: NewJobType[Field] | undefined;
};

export interface JobTypeRepository {
  /** Throws `name_taken` when the name is in use. */
  create(jobType: NewJobType): Promise<JobType>;
  findById(id: string): Promise<JobType | undefined>;
  /** Those that exist, in no particular order. */
  findByIds(ids: readonly string[]): Promise<JobType[]>;
  /** Newest first. */
  list(page: Page): Promise<JobType[]>;
  update(id: string, changes: JobTypeChanges): Promise<JobType | undefined>;
  /** Holds its waiting jobs back, or lets them go; running ones go on. Doing it twice changes nothing. */
  setPaused(id: string, paused: boolean): Promise<JobType | undefined>;
}
