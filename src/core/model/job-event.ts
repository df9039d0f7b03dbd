import type { AttemptError, JobError, JobStatus } from "./job.ts";
import { hasEnded } from "./job.ts";
import type { LogLevel, LogPosition } from "./job-log.ts";

/** What happened to a job. Ids count from 1 in each job, and an event keeps its id. */
export type JobEvent = {
  readonly id: number;
  /** Null where it is not known any more: the start of an attempt that another has followed. */
  readonly at: string | null;
  readonly attempt: number;
} & (
  | { readonly type: "queued" | "started" }
  | { readonly type: "progress"; readonly fraction: number; readonly message: string | null }
  | { readonly type: "log"; readonly level: LogLevel; readonly message: string }
  | { readonly type: "attempt_failed"; readonly error: JobError | null }
  | {
      readonly type: "done";
      readonly status: JobStatus;
      readonly cost_cents: number | null;
      readonly error: JobError | null;
    }
);

/** What of a job its events are made of. */
export interface JobOutline {
  readonly status: JobStatus;
  readonly attempt: number;
  readonly errors: readonly AttemptError[];
  readonly error: JobError | null;
  readonly cost_cents: number | null;
  readonly created_at: string;
  readonly started_at: string | null;
  readonly completed_at: string | null;
  /** By attempt: the number of its last row in the log. */
  readonly lastSeqs: ReadonlyMap<number, number>;
}

/** A row of the log: a line, or a step of the progress. */
export interface ToldRow extends LogPosition {
  readonly at: string;
  readonly level: LogLevel | null;
  readonly fraction: number | null;
  readonly message: string | null;
}

/**
 * The events of a job as it is now, numbered. Only what is told is stored; the others follow from the job. An event is
 * only ever added behind the last one: the rows of an attempt are complete when it ends, and what ends an
 * attempt has one number, whatever it is.
 */
export class EventNumbers {
  readonly #job: JobOutline;
  /** By attempt, from the first: the id of its start. */
  readonly #starts: number[] = [];
  readonly #milestones: JobEvent[] = [];

  constructor(job: JobOutline) {
    this.#job = job;
    const failures = new Map(job.errors.map((error) => [error.attempt, error]));
    const oldest = job.errors[0]?.attempt ?? 0;
    let id = 1;
    this.#milestones.push({ id, type: "queued", at: job.created_at, attempt: 0 });
    for (let attempt = 1; attempt <= job.attempt; attempt += 1) {
      const isLatest = attempt === job.attempt;
      id += 1;
      this.#starts.push(id);
      this.#milestones.push({ id, type: "started", at: isLatest ? job.started_at : null, attempt });
      id += job.lastSeqs.get(attempt) ?? 0;
      const failure = failures.get(attempt);
      if (isLatest && failure === undefined) break;
      id += 1;
      // Of the errors the last 20 are kept. An attempt among them without one was given back.
      if (failure === undefined && attempt > oldest)
        this.#milestones.push({ id, type: "queued", at: null, attempt });
      else
        this.#milestones.push({
          id,
          type: "attempt_failed",
          at: failure?.at ?? null,
          attempt,
          error: failure ? told(failure) : null,
        });
    }
    if (!hasEnded(job.status)) return;
    const { completed_at: at, attempt, status, cost_cents, error } = job;
    this.#milestones.push({
      id: id + 1,
      type: "done",
      at,
      attempt,
      status,
      cost_cents,
      error: error && told(error),
    });
  }

  /** Behind which row of the log the events begin that come after `after`. */
  positionOf(after: number): LogPosition {
    const attempt = Math.max(1, this.#starts.findLastIndex((start) => start <= after) + 1);
    return { attempt, seq: Math.max(0, after - (this.#starts[attempt - 1] ?? after)) };
  }

  /** The events after `after`, with those of these rows; `isCut` when there are more rows. */
  after(after: number, rows: readonly ToldRow[], isCut: boolean): JobEvent[] {
    const ofRows = rows.flatMap((row) => {
      const start = this.#starts[row.attempt - 1];
      return start === undefined ? [] : [toEvent(start + row.seq, row)];
    });
    const end = isCut ? (ofRows.at(-1)?.id ?? after) : Infinity;
    const milestones = this.#milestones.filter(({ id }) => id > after && id <= end);
    return [...milestones, ...ofRows].toSorted((a, b) => a.id - b.id);
  }

  /** How the job ended; undefined while it has not. */
  get done(): Extract<JobEvent, { readonly type: "done" }> | undefined {
    const last = this.#milestones.at(-1);
    return last?.type === "done" ? last : undefined;
  }

  /** The id of the last thing that happened to it. Of a job that has ended: that of its end, which stays. */
  get last(): number {
    return this.#milestones.reduce((last, { id }) => Math.max(last, id), 0);
  }

  get hasEnded(): boolean {
    return hasEnded(this.#job.status);
  }
}

function toEvent(id: number, { at, attempt, level, fraction, message }: ToldRow): JobEvent {
  return level === null
    ? { id, type: "progress", at, attempt, fraction: fraction ?? 0, message }
    : { id, type: "log", at, attempt, level, message: message ?? "" };
}

/** Without the stack, which is for the operator. */
function told({ code, message }: JobError): JobError {
  return { code, message };
}

/** The first events, `limit` at most, until their messages have so many characters: at least one. */
export function firstEvents<Event extends JobEvent>(
  events: readonly Event[],
  { limit, characters = Infinity }: Bounds,
): Event[] {
  let left = characters;
  const end = events.findIndex((event, n) => {
    const isOver = n >= limit || (n > 0 && left <= 0);
    left -= messageOf(event).length;
    return isOver;
  });
  return events.slice(0, end < 0 ? undefined : end);
}

function messageOf(event: JobEvent): string {
  if ("message" in event) return event.message ?? "";
  return "error" in event ? (event.error?.message ?? "") : "";
}

interface Bounds {
  readonly limit: number;
  readonly characters?: number | undefined;
}

/** Which events of a job to read. */
export interface EventRange extends Bounds {
  /** Those after the one with this id. */
  readonly after: number;
}

/** A part of the events of a job, in their order. */
export interface EventPage {
  readonly events: readonly JobEvent[];
  /** There are more already. */
  readonly more: boolean;
  /** The job has ended: no further event will come. */
  readonly ended: boolean;
}

export interface JobEventRepository {
  /**
   * As `firstEvents` of those in the range. Undefined when there is no such job; with `owner`: also when it is
   * not that customer's.
   */
  list(id: string, range: EventRange, owner?: string): Promise<EventPage | undefined>;
}
