export const LOG_LEVELS = ["debug", "info", "warn", "error"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** How far an attempt is. */
export interface Progress {
  /** 0 to 1. */
  readonly fraction: number;
  readonly message: string | null;
  readonly at: string;
}

/** A line that an attempt logged. */
export interface LogLine {
  readonly at: string;
  readonly attempt: number;
  readonly level: LogLevel;
  readonly message: string;
}

/** A line with its place in the log of its job. */
export interface StoredLogLine extends LogLine {
  readonly position: LogPosition;
}

export interface LogPosition {
  readonly attempt: number;
  /** Counts from 1 in each attempt. */
  readonly seq: number;
}

/** What an attempt told, to be stored: a line has a level, progress has a fraction. */
export interface Told {
  readonly id: string;
  readonly attempt: number;
  /** Undefined for progress that is kept as the latest only. */
  readonly seq: number | undefined;
  readonly at: string;
  readonly level?: LogLevel | undefined;
  readonly fraction?: number | undefined;
  readonly message: string | undefined;
}

export interface LogFilter {
  readonly attempt?: number | undefined;
  /** This level and those above it. */
  readonly level?: LogLevel | undefined;
}

/** What attempts tell while they run. It is deleted with the job. */
export interface JobLogRepository {
  /**
   * Stores what attempts told, in one round trip. Leaves out what is of a job that is no longer that attempt's.
   * Safe to repeat after a lost reply.
   */
  write(told: readonly Told[]): Promise<void>;
  /**
   * The lines of a job, oldest first. Undefined when there is no such job; with `owner`: also when it is not
   * that customer's.
   */
  list(
    id: string,
    filter: LogFilter,
    page: { readonly limit: number; readonly after?: LogPosition | undefined },
    owner?: string,
  ): Promise<StoredLogLine[] | undefined>;
}
