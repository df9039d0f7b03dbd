import { setTimeout as wait } from "node:timers/promises";
import { CLAIM_WAIT_MS, JOB_BATCH_MAX, STOP_SECONDS } from "../core/model/limits.ts";
import { isEnd, type ClaimedJob, type Outcome, type RefusedOutcome } from "../core/model/job.ts";
import type { JobType } from "../core/model/job-type.ts";
import { withRetry } from "../core/lib/with-retry.ts";
import type { ServedJobs } from "../core/model/runner.ts";
import { runAttempt } from "./attempt.ts";
import { StopNotice } from "./ended-by-stop.ts";
import { Interrupter, Interruption } from "./interrupter.ts";
import { JobLogWriter } from "./job-log-writer.ts";
import { logFailedAttempt, logFinishedJob } from "./log-outcome.ts";
import { Membership } from "./membership.ts";
import type { RunnerOptions } from "./runner-options.ts";
import { Settlements, type Settlement } from "./settlements.ts";

/** The pause after a claim that failed: its server is away. */
const FAULT_DELAY_MS = 500;
/** Jobs that lost as many runners are claimed by a runner that runs nothing else (take_alone.sql). */
const ALONE_AFTER_LOST_RUNNERS = 2;

/**
 * Claims jobs, runs them, and settles them, in batches: a claim takes as many jobs as there are free slots, a
 * settle takes all that have ended by then.
 */
export class Runner {
  readonly #membership: Membership;
  readonly #options: RunnerOptions;
  readonly #settlements: Settlements;
  readonly #jobLog: JobLogWriter;
  readonly #running = new Map<ClaimedJob, Interrupter>();
  readonly #serves: ServedJobs;
  readonly #runningOf = new Map<string, number>();
  /** It runs jobs that must run alone, or with others of their kind. */
  #runsAlone = false;
  /** It waits until it runs nothing, to take such jobs. */
  #runsDry = false;
  readonly #stop = new StopNotice();
  #gaveBack = 0;
  #loop: Promise<void> | undefined;
  #waiters: (() => void)[] = [];
  #refused = 0;

  constructor(options: RunnerOptions) {
    this.#options = options;
    this.#serves = {
      processor_ids: [...options.processors.keys()],
      restricted_to: options.only?.restricted_to ?? null,
      priorities: options.only?.priorities ?? null,
    };
    this.#jobLog = new JobLogWriter({
      repository: options.platform.jobLog,
      onStored: (job) => options.platform.jobChanges.tell(job, "changed"),
      log: options.log,
      isRunning: (job) => this.#running.has(job),
    });
    this.#membership = new Membership({
      runners: options.platform.runners,
      heartbeat: options.heartbeat,
      slots: options.concurrency,
      version: options.version,
      serves: this.#serves,
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
      meter: options.meter,
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

  /** Claims nothing more until it runs nothing. */
  runDry(): void {
    this.#runsDry = this.#running.size > 0;
  }

  /** How many outcomes were refused so far because the job was no longer this runner's. */
  get refused(): number {
    return this.#refused;
  }

  /** How many jobs were given back unfinished so far. */
  get gaveBack(): number {
    return this.#gaveBack;
  }

  /** How many outcomes have not been written yet. */
  get unwritten(): number {
    return this.#settlements.size;
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
  async stop(grace_ms = STOP_SECONDS * 1_000): Promise<void> {
    this.#stop.begin();
    this.#change();
    const stops = new Interruption("shutdown", "The runner stops.");
    let isOver = false;
    const deadline = setTimeout(() => {
      isOver = true;
      this.#interruptAll(stops);
    }, grace_ms);
    await this.#options.platform.readyQueue.wake().catch(() => undefined);
    await this.#loop;
    // What the last claim has brought meanwhile.
    if (isOver) this.#interruptAll(stops);
    await this.#until(() => this.#running.size === 0 && this.#settlements.size === 0);
    clearTimeout(deadline);
    await this.#membership.leave();
  }

  async #takeJobs(): Promise<void> {
    const { platform, log } = this.#options;
    void this.#membership.join();
    while (!this.#stop.isStopping) {
      await this.#until(() => this.#stop.isStopping || (this.#membership.mayClaim && this.#free > 0));
      if (this.#stop.isStopping) return;
      try {
        const jobs = await platform.readyQueue.claim({
          runner_id: this.id,
          max: Math.min(this.#free, JOB_BATCH_MAX),
          wait_ms: CLAIM_WAIT_MS,
          idle: this.#running.size === 0,
          running: this.#runningOf,
          priorities: this.#serves.priorities ?? undefined,
        });
        if (jobs.length === 0) continue;
        this.#options.meter?.claimed(jobs);
        await this.#startAll(jobs);
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
    if (this.#runsAlone || this.#runsDry) return 0;
    return unsettled >= 2 * concurrency ? 0 : concurrency - this.#running.size;
  }

  async #startAll(jobs: readonly ClaimedJob[]): Promise<void> {
    for (const job of jobs) {
      this.#options.platform.jobChanges.tell(job, "changed");
      this.#settlements.open(job.lease_id);
      this.#running.set(job, new Interrupter());
      this.#runningOf.set(job.customer_id, (this.#runningOf.get(job.customer_id) ?? 0) + 1);
      this.#runsAlone ||= job.lost_runners >= ALONE_AFTER_LOST_RUNNERS;
    }
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
    return await withRetry(() => platform.jobTypeCache.findByIds(ids), {
      for_ms: STOP_SECONDS * 1_000,
    }).catch((error: unknown) => {
      log.error({ err: error }, "job types cannot be read");
      return undefined;
    });
  }

  async #attempt(job: ClaimedJob, jobType: JobType | undefined): Promise<void> {
    const { processors, log } = this.#options;
    const interrupter = this.#running.get(job) ?? new Interrupter();
    const details = log.isLevelEnabled("debug")
      ? { job_id: job.id, attempt: job.attempt, processor: jobType?.processing_logic_id }
      : undefined;
    if (details) log.debug(details, "attempt started");
    const started_at = performance.now();
    const jobLog = this.#jobLog;
    const stop = this.#stop;
    const outcome = await runAttempt({ job, jobType, processors, interrupter, log, jobLog, stop });
    const run_ms = performance.now() - started_at;
    if (details) log.debug({ ...details, outcome: outcome?.kind ?? "dropped" }, "attempt ended");
    // Whoever sees the job ended finds all of its log.
    const stored = jobLog.end(job);
    if (stored) await stored;
    this.#ended(job);
    if (outcome) {
      const settlement = { job, jobType, outcome, run_ms };
      logFailedAttempt(log, settlement);
      this.#settlements.settle(settlement);
    } else this.#settlements.forget(job.lease_id);
    this.#change();
  }

  #ended(job: ClaimedJob): void {
    this.#running.delete(job);
    const left = (this.#runningOf.get(job.customer_id) ?? 1) - 1;
    if (left === 0) this.#runningOf.delete(job.customer_id);
    else this.#runningOf.set(job.customer_id, left);
    if (this.#running.size === 0) [this.#runsAlone, this.#runsDry] = [false, false];
  }

  #release(job: ClaimedJob): void {
    this.#ended(job);
    const outcome: Outcome = { id: job.id, attempt: job.attempt, kind: "released" };
    this.#settlements.settle({ job, jobType: undefined, outcome, run_ms: 0 });
    this.#change();
  }

  #written(settlement: Settlement, refusal: RefusedOutcome | undefined): void {
    const { job, outcome } = settlement;
    if (refusal?.reason === "stale") {
      this.#refused += 1;
      this.#options.log.warn(
        { job_id: job.id, attempt: job.attempt, refused: this.#refused },
        "the job was no longer ours: its outcome was refused",
      );
    } else {
      if (outcome.kind === "released") this.#gaveBack += 1;
      this.#options.platform.jobChanges.tell(job, isEnd(outcome) ? "ended" : "changed");
      logFinishedJob(this.#options.log, settlement);
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
