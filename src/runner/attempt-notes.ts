import { databaseClock } from "../core/lib/database-clock.ts";
import { PROGRESS_STEPS_MAX } from "../core/model/limits.ts";
import type { ClaimedJob } from "../core/model/job.ts";
import type { LogLevel, Told } from "../core/model/job-log.ts";

/** A step is kept when this part of the time has passed that the attempt took until then: about 700 in a day. */
const STEP_SHARE = 0.01;

interface NewProgress {
  readonly fraction: number;
  readonly message: string | undefined;
  readonly at_ms: number;
}

/** What one attempt has told and what of it waits to be stored. Only the runner that runs it numbers its rows. */
export class AttemptNotes {
  readonly #job: ClaimedJob;
  readonly #opened_ms = databaseClock.now();
  #lastSeq = 0;
  #steps = 0;
  #step_at_ms = -Infinity;
  #waiting = 0;
  #isGivenUp = false;
  /** Not taken to be stored yet. */
  progress: NewProgress | undefined;
  /** Lines that were left out since it was last said. */
  dropped = 0;
  /** It tells nothing more. */
  hasEnded = false;
  /** Called when nothing waits any more, after the end. */
  onStored: (() => void) | undefined;

  constructor(job: ClaimedJob) {
    this.#job = job;
  }

  /** Lines and steps that were taken from it and are not stored. */
  get waiting(): number {
    return this.#waiting;
  }

  get isStored(): boolean {
    return this.#waiting === 0 && this.progress === undefined;
  }

  /** What is not stored by now never will be. */
  get isGivenUp(): boolean {
    return this.#isGivenUp;
  }

  giveUp(): void {
    this.#isGivenUp = true;
    this.onStored = undefined;
  }

  line(level: LogLevel, message: string): Told {
    const { id, attempt } = this.#job;
    const at = new Date(databaseClock.now()).toISOString();
    this.#waiting += 1;
    return { id, attempt, seq: (this.#lastSeq += 1), at, level, message };
  }

  /** The latest progress, to be stored; undefined when it is. */
  takeProgress(): Told | undefined {
    const { progress } = this;
    if (progress === undefined) return undefined;
    this.progress = undefined;
    this.#waiting += 1;
    const { id, attempt } = this.#job;
    const { fraction, message, at_ms } = progress;
    const seq = this.#isStep(at_ms) ? (this.#lastSeq += 1) : undefined;
    return { id, attempt, seq, at: new Date(at_ms).toISOString(), fraction, message };
  }

  /** One of those that waited is stored, or was refused. */
  stored(): void {
    this.#waiting -= 1;
    if (this.hasEnded && this.isStored) this.onStored?.();
  }

  /** The longer it takes, the farther apart are the steps that are kept. The last is always one. */
  #isStep(at_ms: number): boolean {
    if (this.#steps >= PROGRESS_STEPS_MAX) return false;
    const apart_ms = STEP_SHARE * (at_ms - this.#opened_ms);
    if (!this.hasEnded && at_ms - this.#step_at_ms < apart_ms) return false;
    this.#steps += 1;
    this.#step_at_ms = at_ms;
    return true;
  }
}
