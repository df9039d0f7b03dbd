import { setTimeout as wait } from "node:timers/promises";
import { CLAIM_WAIT_MS, JOB_BATCH_MAX, STOP_SECONDS } from "../core/model/limits.ts";
import { isEnd, type ClaimedJob, type Outcome, type RefusedOutcome } from "../core/model/job.ts";
import type { JobType } from "../core/model/job-type.ts";
import { withRetry } from "../core/lib/with-retry.ts";
import type { ServedJobs } from "../core/model/runner.ts";
import type { TraceContext } from "../core/model/traces.ts";
import { runAttempt } from "./attempt.ts";
import { StopNotice } from "./ended-by-stop.ts";
import { Interrupter, Interruption } from "./interrupter.ts";
import { JobLogWriter } from "./job-log-writer.ts";
import { chargeOf, logFailedAttempt, logFinishedJob } from "./log-outcome.ts";
import { Changes } from "./changes.ts";
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
  /** Ids of processors that it serves or has served. */
  readonly #served: Set<string>;
  readonly #runningOf = new Map<string, number>();
  /** It runs jobs that must run alone, or with others of their kind. */
  #runsAlone = false;
  /** It waits until it runs nothing, to take such jobs. */
  #runsDry = false;
  /** A claim is under way, and may bring jobs. */
  #claiming = false;
  readonly #stop = new StopNotice();
  #gaveBack = 0;
  #loop: Promise<void> | undefined;
  readonly #changes = new Changes();
  #refused = 0;

  constructor(options: RunnerOptions) {
    this.#options = options;
    this.#serves = {
      processor_ids: [...options.processors.keys()],
      restricted_to: options.only?.restricted_to ?? null,
      priorities: options.only?.priorities ?? null,
    };
    this.#served = new Set(this.#serves.processor_ids);
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
      onChange: () => {
        // A claim that waits for jobs would take the next one.
        if (this.#membership.drain) void options.platform.readyQueue.wake().catch(() => undefined);
        this.#changes.tell();
      },
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

  /**
   * Tells the platform that it serves others of its `processors` now. When it resolves, no claim begins for those that
   * it serves no more, and they may be removed: jobs of theirs that a claim still brings are given back.
   */
  async serve(processor_ids: readonly string[]): Promise<void> {
    for (const id of processor_ids) this.#served.add(id);
    await this.#membership.serve(processor_ids);
    await this.#options.platform.readyQueue.wake();
  }

  /** Claims nothing more until it runs nothing. */
  runDry(): void {
    this.#runsDry = this.#running.size > 0;
  }

  /** Whether it was told to take no more jobs, and no claim is under way that may still bring some. */
  get drains(): boolean {
    return this.#membership.drain !== undefined && !this.#claiming;
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
   * Resolves when the runner was told to drain and then to end, and runs nothing any more: everything is
   * written, and it will claim nothing.
   */
  async drained(): Promise<void> {
    await this.#changes.until(
      () =>
        this.drains &&
        this.#membership.drain?.exits === true &&
        this.#running.size === 0 &&
        this.#settlements.size === 0,
    );
  }

  /**
   * Claims nothing more, gives running jobs `grace_ms` to end, and puts the rest back to pending, with their
   * attempt excused. Resolves when every outcome is written.
   */
  async stop(grace_ms = STOP_SECONDS * 1_000): Promise<void> {
    this.#stop.begin();
    this.#changes.tell();
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
    await this.#changes.until(() => this.#running.size === 0 && this.#settlements.size === 0);
    clearTimeout(deadline);
    await this.#membership.leave();
  }

  async #takeJobs(): Promise<void> {
    const { platform, log } = this.#options;
    void this.#membership.join();
    while (!this.#stop.isStopping) {
      await this.#changes.until(() => this.#stop.isStopping || (this.#membership.mayClaim && this.#free > 0));
      if (this.#stop.isStopping) return;
      this.#claiming = true;
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
      } finally {
        this.#claiming = false;
        this.#changes.tell();
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
    const finding = this.#options.traces?.find(jobs);
    const jobTypes = await this.#findJobTypes(jobs);
    const carried = finding && (await finding);
    for (const job of jobs) {
      const jobType = jobTypes?.get(job.job_type_id);
      if (jobTypes && !this.#isWithdrawn(jobType)) void this.#attempt(job, jobType, carried?.get(job.id));
      else this.#release(job);
    }
  }

  /** Whether its processor was removed since the job was claimed. */
  #isWithdrawn(jobType: JobType | undefined): boolean {
    const id = jobType?.processing_logic_id;
    return id !== undefined && this.#served.has(id) && !this.#options.processors.has(id);
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

  async #attempt(job: ClaimedJob, jobType: JobType | undefined, carried?: TraceContext): Promise<void> {
    const { processors, log } = this.#options;
    const trace = carried && this.#options.traces?.begin(job, jobType, carried);
    const interrupter = this.#running.get(job) ?? new Interrupter();
    const details = log.isLevelEnabled("debug")
      ? { job_id: job.id, attempt: job.attempt, processor: jobType?.processing_logic_id }
      : undefined;
    if (details) log.debug(details, "attempt started");
    const started_at = performance.now();
    const jobLog = this.#jobLog;
    const stop = this.#stop;
    const attempt = { job, jobType, processors, interrupter, log, jobLog, stop, trace };
    const outcome = await (trace ? trace.around(() => runAttempt(attempt)) : runAttempt(attempt));
    const run_ms = performance.now() - started_at;
    if (details) log.debug({ ...details, outcome: outcome?.kind ?? "dropped" }, "attempt ended");
    // Whoever sees the job ended finds all of its log.
    const stored = jobLog.end(job);
    if (stored) await stored;
    this.#ended(job);
    trace?.ran(outcome);
    if (outcome) {
      const settlement = { job, jobType, outcome, run_ms, trace };
      logFailedAttempt(log, settlement);
      this.#settlements.settle(settlement);
    } else this.#settlements.forget(job.lease_id);
    this.#changes.tell();
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
    this.#changes.tell();
  }

  #written(settlement: Settlement, refusal: RefusedOutcome | undefined): void {
    const { job, outcome, trace } = settlement;
    const isStale = refusal?.reason === "stale";
    trace?.settled(isStale ? "refused" : "written", chargeOf(settlement));
    if (isStale) {
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
    this.#changes.tell();
  }

  #notWritten({ job, outcome, trace }: Settlement, error: unknown): void {
    trace?.settled("not_written", 0);
    this.#options.log.error(
      { job_id: job.id, attempt: job.attempt, err: error },
      "an outcome could not be written: giving up this runner's id, so that others get the job",
    );
    void this.#membership.rejoinUnderNewId();
    this.#options.onSettled?.(job, outcome);
    this.#changes.tell();
  }

  #cancel(jobIds: ReadonlySet<string>): void {
    for (const [job, interrupter] of this.#running) {
      if (jobIds.has(job.id)) interrupter.interrupt(new Interruption("cancelled", "The job was cancelled."));
    }
  }

  #interruptAll(reason: Interruption): void {
    for (const interrupter of this.#running.values()) interrupter.interrupt(reason);
  }
}
