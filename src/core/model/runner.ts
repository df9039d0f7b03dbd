/** Default of RUNNER_LEASE_SECONDS: a runner without a heartbeat for this long is declared dead. */
export const LEASE_SECONDS = 10;
/** How often a runner shows that it lives, and hears what it is to be told. Bounds how late a cancel reaches it. */
export const HEARTBEAT_MS = 1_000;
/** After this many lost runners a job has failed: a poison job must not eat the fleet. */
export const LOST_RUNNERS_MAX = 3;

export interface NewRunner {
  /** Of one boot, and of one registration: never used twice. */
  readonly id: string;
  readonly host: string;
  readonly version: string;
  /** Jobs that it runs at the same time. */
  readonly slots: number;
}

/** A living runner, as it is answered. */
export interface RunnerInfo extends NewRunner {
  readonly started_at: string;
  readonly heartbeat_at: string;
}

/** What a heartbeat hears. */
export interface Pulse {
  /** False: declared dead. Whatever it still runs is not its own any more; it must stop that and register anew. */
  readonly alive: boolean;
  readonly queue_paused: boolean;
  /** Jobs of this runner that were cancelled. The same one may be told twice. */
  readonly cancelled: readonly string[];
}

/** Beats for a runner off the event loop that its processors can block, on a connection of its own. */
export interface Heartbeat {
  /** Beats for this runner from now on, every `HEARTBEAT_MS`; `onPulse` hears each answer. While the database is away there are none. */
  start(runner_id: string, onPulse: (pulse: Pulse) => void): void;
  stop(): Promise<void>;
}

/** A main loop that has not turned for this long is dead, whatever the thread beside it says: its heartbeat ends. */
export const SILENT_LOOP_MS = 60_000;

/** Where living runners are known. Time is the database's. */
export interface RunnerRepository {
  register(runner: NewRunner): Promise<void>;
  /** At an orderly end, once nothing of it runs any more. */
  deregister(id: string): Promise<void>;
  list(): Promise<RunnerInfo[]>;
  /**
   * Gives the jobs of dead runners back, a bounded number of batches at a time: pending again with the attempt excused, or failed after
   * `lostMax` lost runners. Answers how many jobs, and whether more batches wait. Safe in any number of processes at once.
   */
  rescue(rescue: {
    lease_ms: number;
    lostMax: number;
    leasesMax: number;
  }): Promise<{ rescued: number; more: boolean }>;
}
