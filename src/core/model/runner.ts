import type { Priority } from "./job.ts";

/** Which jobs a runner claims: those of processors that it has, and that it is not restricted from. */
export interface ServedJobs {
  /** The processors that it has. Null: it does not say, and serves all. */
  readonly processor_ids: readonly string[] | null;
  /** Names or ids of the job types that it is restricted to. Null: all. */
  readonly restricted_to: readonly string[] | null;
  /** The priorities that it is restricted to. Null: all. */
  readonly priorities: readonly Priority[] | null;
}

export interface NewRunner extends Partial<ServedJobs> {
  /** Created for one registration, and never used again. */
  readonly id: string;
  readonly host: string;
  readonly version: string;
  /** Jobs that it may run at the same time. */
  readonly slots: number;
  /** It drains already: it did so under the id that it had before. */
  readonly drain?: Drain | undefined;
}

/** What an operator wants of a runner: that it takes no more jobs, and finishes what it has. */
export interface Drain {
  /** Whether it ends when it runs nothing any more. Otherwise it waits until it is resumed. */
  readonly exits: boolean;
}

/** A living runner, as callers see it. */
export interface RunnerInfo extends Omit<NewRunner, keyof ServedJobs | "drain">, ServedJobs {
  readonly started_at: string;
  readonly heartbeat_at: string;
  /** Since when it drains; null: it takes jobs. */
  readonly draining_at: string | null;
  /** Whether it ends when it has drained. */
  readonly exits_when_drained: boolean;
  /** Jobs that it runs now. */
  readonly running: number;
}

/** The reply to a heartbeat. */
export interface Pulse {
  /** False when the runner was declared dead. It has lost its jobs: it must stop them, and register anew. */
  readonly alive: boolean;
  readonly queue_paused: boolean;
  /** Whether the runner is to take no more jobs. */
  readonly draining: boolean;
  /** Whether it is to end when it runs nothing any more. */
  readonly exits: boolean;
  /** Jobs of this runner that were cancelled. A job may be named twice. */
  readonly cancelled: readonly string[];
}

/**
 * Sends the heartbeats of a runner, from a thread with its own connection: processors can block the main
 * event loop.
 */
export interface Heartbeat {
  /** Sends a heartbeat for this runner every `HEARTBEAT_MS` from now on. `onPulse` gets each reply. */
  start(runner_id: string, onPulse: (pulse: Pulse) => void): void;
  stop(): Promise<void>;
}

/** The registered runners. All times are the database's. */
export interface RunnerRepository {
  register(runner: NewRunner): Promise<void>;
  /** Changes which processors a runner says that it has. Does nothing when it is not registered. */
  setProcessors(id: string, processor_ids: readonly string[]): Promise<void>;
  /** Removes a runner. Jobs that it still holds are then given back by the next `rescue`. */
  deregister(id: string): Promise<void>;
  /** Oldest first. */
  list(): Promise<RunnerInfo[]>;
  findById(id: string): Promise<RunnerInfo | undefined>;
  /**
   * Makes a runner drain, or with undefined take jobs again. It hears of it with its next heartbeat. False: there is
   * no such runner.
   */
  setDrain(id: string, drain: Drain | undefined): Promise<boolean>;
  /**
   * True when a job that must run alone has waited for `after_ms`, and this runner is the one that makes room
   * for it: it is to claim nothing until it runs nothing.
   */
  mustRunDry(id: string, after_ms: number): Promise<boolean>;
  /**
   * Gives back the jobs of dead runners, at most `leasesMax` claimed batches at a time. Each job is pending
   * again with its attempt excused, or has failed after `lostMax` lost runners. Returns how many jobs,
   * whose they were, and whether more batches wait. Safe in any number of processes at once.
   */
  rescue(rescue: {
    lease_ms: number;
    lostMax: number;
    leasesMax: number;
  }): Promise<Rescued & { readonly more: boolean }>;
}

export interface Rescued {
  /** How many jobs. */
  readonly rescued: number;
  /** The dead runners that they were taken from. `host` is null where another process has removed them. */
  readonly runners: readonly { readonly id: string; readonly host: string | null }[];
}
