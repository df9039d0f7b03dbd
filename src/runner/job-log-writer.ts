import type { Logger } from "pino";
import { databaseClock } from "../core/lib/database-clock.ts";
import { isRetryable } from "../core/lib/with-retry.ts";
import {
  JOB_LOG_BATCH_MAX,
  JOB_LOG_LAST_WAIT_MS,
  JOB_LOG_FLUSH_MS,
  JOB_LOG_PENDING_MAX,
} from "../core/model/limits.ts";
import type { ClaimedJob } from "../core/model/job.ts";
import type { JobLogRepository, LogLevel, Told } from "../core/model/job-log.ts";
import { AttemptNotes } from "./attempt-notes.ts";

/** What a line costs in memory beside its text. */
const LINE_CHARS = 100;

interface Options {
  readonly repository: JobLogRepository;
  readonly log: Logger;
  /** Called for each attempt of which something was stored. */
  readonly onStored: (job: ClaimedJob) => void;
  /** Whether the attempt goes on: what one leaves behind in the event loop may tell something later. */
  readonly isRunning: (job: ClaimedJob) => boolean;
}

interface Waiting {
  readonly notes: AttemptNotes;
  readonly told: Told;
}

/** What an attempt may tell. */
export type AttemptTeller = Pick<JobLogWriter, "line" | "progress">;

/**
 * Stores what the attempts of a runner tell, all together and in the background: one call each half second,
 * or as soon as an attempt ends that told something. Never throws and never rejects: when the database does not
 * take it, lines are dropped and counted. An attempt that tells nothing costs nothing.
 */
export class JobLogWriter {
  readonly #repository: JobLogRepository;
  readonly #log: Logger;
  readonly #open = new Map<ClaimedJob, AttemptNotes>();
  /** Those whose progress is newer than what is stored. */
  readonly #moved = new Set<AttemptNotes>();
  #lines: Waiting[] = [];
  #chars = 0;
  #timer: NodeJS.Timeout | undefined;
  #writing = false;
  #urgent = false;
  /** Attempts that have ended and wait for their last lines. */
  #ending = 0;
  #dropped = 0;

  readonly #isRunning: (job: ClaimedJob) => boolean;
  readonly #onStored: (job: ClaimedJob) => void;

  constructor({ repository, log, isRunning, onStored }: Options) {
    this.#repository = repository;
    this.#log = log;
    this.#isRunning = isRunning;
    this.#onStored = onStored;
  }

  line(job: ClaimedJob, level: LogLevel, message: string): void {
    const notes = this.#notesOf(job);
    if (notes === undefined) return;
    if (this.#chars > JOB_LOG_PENDING_MAX) {
      notes.dropped += 1;
      this.#dropped += 1;
      return;
    }
    if (notes.dropped > 0) this.#sayDropped(notes);
    this.#add(notes, level, message);
    if (this.#lines.length >= JOB_LOG_BATCH_MAX) this.#writeSoon();
  }

  /** Only the latest is stored of what comes between two writes. */
  progress(job: ClaimedJob, fraction: number, message: string | undefined): void {
    const notes = this.#notesOf(job);
    if (notes === undefined) return;
    notes.progress = { fraction, message, at_ms: databaseClock.now() };
    this.#moved.add(notes);
    this.#writeLater();
  }

  /**
   * Takes nothing more of this attempt. Returns a promise when it has told something that is not stored yet:
   * it resolves when that is stored or given up, a second later at most.
   */
  end(job: ClaimedJob): Promise<void> | undefined {
    const notes = this.#open.get(job);
    if (notes === undefined) return undefined;
    if (notes.dropped > 0) this.#sayDropped(notes);
    if (notes.isStored) {
      this.#open.delete(job);
      return undefined;
    }
    notes.hasEnded = true;
    this.#ending += 1;
    this.#writeSoon();
    return new Promise((resolve) => {
      const over = (): void => {
        clearTimeout(timer);
        this.#ending -= 1;
        this.#open.delete(job);
        resolve();
      };
      const timer = setTimeout(() => {
        this.#giveUp(notes);
        over();
      }, JOB_LOG_LAST_WAIT_MS);
      notes.onStored = over;
    });
  }

  #notesOf(job: ClaimedJob): AttemptNotes | undefined {
    let notes = this.#open.get(job);
    if (notes?.hasEnded) return undefined;
    if (notes === undefined && this.#isRunning(job)) this.#open.set(job, (notes = new AttemptNotes(job)));
    return notes;
  }

  #add(notes: AttemptNotes, level: LogLevel, message: string): void {
    this.#lines.push({ notes, told: notes.line(level, message) });
    this.#chars += message.length + LINE_CHARS;
    this.#writeLater();
  }

  #sayDropped(notes: AttemptNotes): void {
    const { dropped } = notes;
    notes.dropped = 0;
    this.#add(
      notes,
      "warn",
      `${dropped} lines before this one were left out: they could not be stored in time`,
    );
  }

  /** Lines of an attempt that has ended would be refused. */
  #giveUp(notes: AttemptNotes): void {
    notes.giveUp();
    this.#dropped += notes.waiting;
    this.#moved.delete(notes);
  }

  #writeLater(): void {
    if (this.#writing) return;
    this.#timer ??= setTimeout(() => void this.#write(), JOB_LOG_FLUSH_MS).unref();
  }

  #writeSoon(): void {
    if (this.#urgent) return;
    this.#urgent = true;
    // All attempts that end in this cycle of the event loop share one call.
    setImmediate(() => void this.#write());
  }

  async #write(): Promise<void> {
    if (this.#writing) return;
    this.#writing = true;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    try {
      do {
        this.#urgent = false;
        if (!(await this.#writeBatch())) break;
      } while (this.#urgent || this.#ending > 0 || this.#lines.length >= JOB_LOG_BATCH_MAX);
    } finally {
      this.#writing = false;
      this.#urgent = false;
    }
    if (this.#lines.length > 0 || this.#moved.size > 0) this.#writeLater();
  }

  /** False when the database does not respond: what it was to take waits for the next time. */
  async #writeBatch(): Promise<boolean> {
    this.#sayWhatWasDropped();
    const batch = this.#take();
    try {
      await this.#repository.write(batch.map(({ told }) => told));
    } catch (error) {
      if (isRetryable(error)) {
        this.#putBack(batch);
        return false;
      }
      this.#log.error({ err: error, lines: batch.length }, "the database refuses lines of job logs: dropped");
    }
    for (const { notes } of batch) notes.stored();
    for (const { job } of new Set(batch.map(({ notes }) => notes))) this.#onStored(job);
    return true;
  }

  #take(): Waiting[] {
    const lines: Waiting[] = [];
    let taken = 0;
    while (taken < this.#lines.length && lines.length < JOB_LOG_BATCH_MAX) {
      const line = this.#lines[taken];
      taken += 1;
      if (line === undefined) continue;
      this.#chars -= (line.told.message?.length ?? 0) + LINE_CHARS;
      if (!line.notes.isGivenUp) lines.push(line);
    }
    this.#lines = this.#lines.slice(taken);
    // Progress is numbered behind the lines that came before it: they must not be stored later than it.
    if (this.#lines.length === 0) lines.push(...this.#takeProgress());
    return lines;
  }

  #takeProgress(): Waiting[] {
    const moved = [...this.#moved].slice(0, JOB_LOG_BATCH_MAX);
    return moved.flatMap((notes) => {
      this.#moved.delete(notes);
      const told = notes.takeProgress();
      return told === undefined ? [] : [{ notes, told }];
    });
  }

  #putBack(lines: readonly Waiting[]): void {
    for (const { told } of lines) this.#chars += (told.message?.length ?? 0) + LINE_CHARS;
    this.#lines = [...lines, ...this.#lines];
  }

  #sayWhatWasDropped(): void {
    if (this.#dropped === 0) return;
    this.#log.warn(
      { lines: this.#dropped },
      "lines of job logs were dropped: they could not be stored in time",
    );
    this.#dropped = 0;
  }
}
