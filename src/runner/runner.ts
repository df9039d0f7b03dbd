import { setTimeout as wait } from "node:timers/promises";
import type { Logger } from "pino";
import { CLAIM_WAIT_MS, JOB_BATCH_MAX, STOP_GRACE_MS } from "../core/model/limits.ts";
import type { ClaimedJob, Outcome, RefusedOutcome } from "../core/model/job.ts";
import type { JobType } from "../core/model/job-type.ts";
import type { Platform } from "../core/use-cases/platform.ts";
import { withRetry } from "../core/lib/with-retry.ts";
import type { Heartbeat } from "../core/model/runner.ts";
import type { ProcessorRegistry } from "../processors/loader/registry.ts";
import { runAttempt } from "./attempt.ts";
import { Interrupter, Interruption } from "./interrupter.ts";
import { Membership } from "./membership.ts";
import { Settlements, type Settlement } from "./settlements.ts";

/** The pause after a claim that failed: its server is away. */
const FAULT_DELAY_MS = 500;

type RunnerParts = Pick<Platform, "jobs" | "readyQueue" | "jobTypeCache" | "runners">;

interface RunnerOptions {
  readonly platform: RunnerParts;
  readonly processors: ProcessorRegistry;
  /** Jobs that may run at the same time. */
  readonly concurrency: number;
  readonly heartbeat: Heartbeat;
  /** The version of this software, shown in the list of runners. */
  readonly version: string;
  readonly log: Logger;
  /** Called for each attempt when its outcome was written, was refused, or could not be written. */
  readonly onSettled?: (job: ClaimedJob, outcome: Outcome) => void;
}

/**
 * Claims jobs, runs them, and settles them, in batches: a claim takes as many jobs as there are free slots, a
 * settle takes all that have ended by then.
 */
export class Runner {
  readonly #membership: Membership;
  readonly #options: RunnerOptions;
  readonly #settlements: Settlements;
  readonly #running = new Map<ClaimedJob, Interrupter>();
  #stopping = false;
  #loop: Promise<void> | undefined;
  #waiters: (() => void)[] = [];
  #refused = 0;

  constructor(options: RunnerOptions) {
    this.#options = options;
    this.#membership = new Membership({
      runners: options.platform.runners,
      heartbeat: options.heartbeat,
      slots: options.concurrency,
      version: options.version,
      log: options.log,
      onLost: () => {
        this.#settlements.abandonAll();
        this.#interruptAll(new Interruption("lease_lost", "The runner was declared dead."));
      },
      onCancelled: (jobIds) => this.#cancel(new Set(jobIds)),
      onChange: () => this.#change(),
    });
    this.#settlements = new Settlements(options.platform.jobs, {
      // A slot is free again when its job has run, before it is settled: the next claim overlaps the last
      // settle.
      queueMax: 3 * options.concurrency + JOB_BATCH_MAX,
      onRetry: (error) =>
        options.log.warn({ err: error }, "settling is delayed: the database does not answer"),
      onInvalid: ({ job: { id, attempt } }, error) =>
        options.log.error(
          { job_id: id, attempt, err: error },
          "the database refuses an outcome for good: its job fails",
        ),
      onSettled: (settlement, refusal) => this.#written(settlement, refusal),
      onFailed: (settlement, error) => this.#notWritten(settlement, error),
    });
  }

  /** How many jobs run now. */
  get running(): number {
    return this.#running.size;
  }

  /** The id of this registration. It is another one after the runner was declared dead. */
  get id(): string {
    return this.#membership.id;
  }

  /** How many outcomes were refused so far because the job was no longer this runner's. */
  get refused(): number {
    return this.#refused;
  }

  /** For how long the database has answered heartbeats without a break. */
  get contact_ms(): number {
    return this.#membership.contact_ms;
  }

  start(): void {
    this.#loop ??= this.#takeJobs();
  }

  /**
   * Claims nothing more, gives running jobs `grace_ms` to end, and puts the rest back to pending, with their
   * attempt excused. Resolves when every outcome is written.
   */
  async stop(grace_ms = STOP_GRACE_MS): Promise<void> {
    this.#stopping = true;
    this.#change();
    await this.#options.platform.readyQueue.wake().catch(() => undefined);
    await this.#loop;
    const stops = new Interruption("shutdown", "The runner stops.");
    const deadline = setTimeout(() => this.#interruptAll(stops), grace_ms);
    await this.#until(() => this.#running.size === 0 && this.#settlements.size === 0);
    clearTimeout(deadline);
    await this.#membership.leave();
  }

  async #takeJobs(): Promise<void> {
    const { platform, log } = this.#options;
    void this.#membership.join();
    while (!this.#stopping) {
      await this.#until(() => this.#stopping || (this.#membership.mayClaim && this.#free > 0));
      if (this.#stopping) return;
      try {
        const jobs = await platform.readyQueue.claim({
          runner_id: this.id,
          max: Math.min(this.#free, JOB_BATCH_MAX),
          wait_ms: CLAIM_WAIT_MS,
        });
        if (jobs.length > 0) await this.#startAll(jobs);
      } catch (error) {
        log.warn({ err: error }, "looking for jobs failed; trying again");
        await wait(FAULT_DELAY_MS);
      }
    }
  }

  /**
   * Free slots; none while too many outcomes wait to be written, which bounds what a runner holds in memory.
   */
  get #free(): number {
    const { concurrency } = this.#options;
    const unsettled = this.#settlements.size;
    return unsettled >= 2 * concurrency ? 0 : concurrency - this.#running.size;
  }

  async #startAll(jobs: readonly ClaimedJob[]): Promise<void> {
    for (const { lease_id } of jobs) this.#settlements.open(lease_id);
    for (const job of jobs) this.#running.set(job, new Interrupter());
    const jobTypes = await this.#findJobTypes(jobs);
    for (const job of jobs) {
      if (jobTypes) void this.#attempt(job, jobTypes.get(job.job_type_id));
      else this.#release(job);
    }
  }

  /**
   * Returns undefined when the database stays away. The jobs are then released, which costs them no attempt.
   */
  async #findJobTypes(jobs: readonly ClaimedJob[]): Promise<ReadonlyMap<string, JobType> | undefined> {
    const { platform, log } = this.#options;
    const ids = jobs.map((job) => job.job_type_id);
    return await withRetry(() => platform.jobTypeCache.findByIds(ids), { for_ms: STOP_GRACE_MS }).catch(
      (error: unknown) => {
        log.error({ err: error }, "job types cannot be read");
        return undefined;
      },
    );
  }

  async #attempt(job: ClaimedJob, jobType: JobType | undefined): Promise<void> {
    const { processors, log } = this.#options;
    const interrupter = this.#running.get(job) ?? new Interrupter();
    const details = log.isLevelEnabled("debug")
      ? { job_id: job.id, attempt: job.attempt, processor: jobType?.processing_logic_id }
      : undefined;
    if (details) log.debug(details, "attempt started");
    const outcome = await runAttempt({ job, jobType, processors, interrupter, log });
    if (details) log.debug({ ...details, outcome: outcome?.kind ?? "dropped" }, "attempt ended");
    this.#running.delete(job);
    if (outcome) this.#settlements.settle({ job, outcome });
    else this.#settlements.forget(job.lease_id);
    this.#change();
  }

  #release(job: ClaimedJob): void {
    this.#running.delete(job);
    this.#settlements.settle({ job, outcome: { id: job.id, attempt: job.attempt, kind: "released" } });
    this.#change();
  }

  #written({ job, outcome }: Settlement, refusal: RefusedOutcome | undefined): void {
    if (refusal?.reason === "stale") {
      this.#refused += 1;
      this.#options.log.warn(
        { job_id: job.id, attempt: job.attempt, refused: this.#refused },
        "the job was no longer ours: its outcome was refused",
      );
    }
    this.#options.onSettled?.(job, outcome);
    this.#change();
  }

  #notWritten({ job, outcome }: Settlement, error: unknown): void {
    this.#options.log.error(
      { job_id: job.id, attempt: job.attempt, err: error },
      "an outcome could not be written: giving up this runner's id, so that others get the job",
    );
    void this.#membership.rejoinUnderNewId();
    this.#options.onSettled?.(job, outcome);
    this.#change();
  }

  #cancel(jobIds: ReadonlySet<string>): void {
    for (const [job, interrupter] of this.#running) {
      if (jobIds.has(job.id)) interrupter.interrupt(new Interruption("cancelled", "The job was cancelled."));
    }
  }

  #interruptAll(reason: Interruption): void {
    for (const interrupter of this.#running.values()) interrupter.interrupt(reason);
  }

  async #until(fact: () => boolean): Promise<void> {
    while (!fact()) {
      await new Promise<void>((resolve) => void this.#waiters.push(resolve));
      // Waits for the other changes of this cycle of the event loop: a whole batch of slots becomes free at
      // once.
      await new Promise((resolve) => void setImmediate(resolve));
    }
  }

  #change(): void {
    if (this.#waiters.length === 0) return;
    for (const resume of this.#waiters.splice(0)) resume();
  }
}
