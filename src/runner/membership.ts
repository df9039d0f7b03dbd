import { hostname } from "node:os";
import { setTimeout as wait } from "node:timers/promises";
import type { Logger } from "pino";
import { HEARTBEAT_MS } from "../core/model/limits.ts";
import { newId } from "../core/lib/new-id.ts";
import { withRetry } from "../core/lib/with-retry.ts";
import type { Drain, Heartbeat, Pulse, RunnerRepository, ServedJobs } from "../core/model/runner.ts";

/** Heartbeats that are answered further apart than this are a break in the contact with the database. */
const BREAK_MS = 3 * HEARTBEAT_MS;
/** Registering never gives up. It logs a warning each time that it has failed for this long. */
const REGISTER_FOR_MS = 30_000;
/** The pause after that: an error other than the database's absence fails at once, and would fill the log. */
export const REGISTER_DELAY_MS = 500;

interface MembershipOptions {
  readonly runners: RunnerRepository;
  readonly heartbeat: Heartbeat;
  readonly slots: number;
  readonly version: string;
  readonly serves: ServedJobs;
  readonly log: Logger;
  /** Called when the runner gives its id up. Nothing that was claimed under it may be written any more. */
  readonly onLost: () => void;
  readonly onCancelled: (jobIds: readonly string[]) => void;
  /** Called when the queue was paused or resumed, the runner is to drain or not to, or has registered. */
  readonly onChange: () => void;
}

/**
 * Keeps a runner registered: under an id of its own, with a heartbeat. A runner that was declared dead
 * registers again under a new id, because the old one has lost its jobs for good.
 */
export class Membership {
  #id = newId();
  readonly #options: MembershipOptions;
  #joined = false;
  #joining = Promise.resolve();
  #left = false;
  #paused = false;
  #drain: Drain | undefined;
  #contact_began_at = 0;
  #last_pulse_at = -Infinity;
  #serves: ServedJobs;

  constructor(options: MembershipOptions) {
    this.#options = options;
    this.#serves = options.serves;
  }

  get id(): string {
    return this.#id;
  }

  /** Whether claims may be made now. */
  get mayClaim(): boolean {
    return this.#joined && !this.#paused && !this.#drain;
  }

  /** What an operator wants: that the runner takes no more jobs. Undefined: it takes jobs. */
  get drain(): Drain | undefined {
    return this.#drain;
  }

  /** For how long the database has answered heartbeats without a break. */
  get contact_ms(): number {
    const silent_ms = performance.now() - this.#last_pulse_at;
    return silent_ms > BREAK_MS ? 0 : this.#last_pulse_at - this.#contact_began_at;
  }

  /** Registers. While the database is away it goes on trying. */
  join(): Promise<void> {
    this.#joining = this.#register();
    return this.#joining;
  }

  async #register(): Promise<void> {
    const { runners, heartbeat, slots, version, log, onChange } = this.#options;
    while (!this.#left) {
      const id = newId();
      try {
        const runner = { id, host: hostname(), version, slots, ...this.#serves, drain: this.#drain };
        await withRetry(() => runners.register(runner), {
          for_ms: REGISTER_FOR_MS,
          onRetry: (error) => {
            if (this.#left) throw error;
          },
        });
      } catch (error) {
        if (this.#left) return;
        log.warn({ err: error }, "registering failed; trying again");
        await wait(REGISTER_DELAY_MS);
        continue;
      }
      this.#id = id;
      this.#joined = true;
      heartbeat.start(id, (pulse) => this.#hear(pulse));
      log.info({ runner_id: id }, "registered");
      onChange();
      return;
    }
  }

  /**
   * Gives up the id, with all that was claimed under it, and registers under a new one. Other runners get the
   * jobs: for when this one cannot settle them.
   */
  async rejoinUnderNewId(): Promise<void> {
    if (!this.#joined) return;
    this.#joined = false;
    const lost = this.#id;
    this.#options.onLost();
    await this.#options.runners.deregister(lost).catch(() => undefined);
    await this.join();
  }

  /** From now on it serves other processors: the next claim knows. */
  async serve(processor_ids: readonly string[]): Promise<void> {
    this.#serves = { ...this.#serves, processor_ids };
    await this.#joining;
    if (this.#joined) await this.#options.runners.setProcessors(this.#id, processor_ids);
  }

  /**
   * Deregisters, at an orderly end, when nothing runs any more. It first waits for a registration that is
   * under way, which would otherwise leave a dead runner in the list.
   */
  async leave(): Promise<void> {
    this.#left = true;
    await this.#joining;
    await this.#options.heartbeat.stop();
    if (this.#joined) await this.#options.runners.deregister(this.#id).catch(() => undefined);
    this.#joined = false;
  }

  #hear(pulse: Pulse): void {
    const now = performance.now();
    if (now - this.#last_pulse_at > BREAK_MS) this.#contact_began_at = now;
    this.#last_pulse_at = now;
    if (!pulse.alive) {
      this.#options.log.warn(
        { runner_id: this.#id },
        "declared dead: dropping what runs and registering anew",
      );
      void this.rejoinUnderNewId();
      return;
    }
    if (pulse.cancelled.length > 0) this.#options.onCancelled(pulse.cancelled);
    this.#hearDrain(pulse);
    if (pulse.queue_paused !== this.#paused) {
      this.#paused = pulse.queue_paused;
      this.#options.log.info(
        { queue_paused: this.#paused },
        this.#paused ? "the queue is paused" : "the queue goes on",
      );
      this.#options.onChange();
    }
  }

  #hearDrain({ draining, exits }: Pulse): void {
    if (draining === (this.#drain !== undefined) && exits === (this.#drain?.exits ?? false)) return;
    this.#drain = draining ? { exits } : undefined;
    this.#options.log.info(
      { runner_id: this.#id, draining, exits },
      draining ? "draining: no new claims" : "takes jobs again",
    );
    this.#options.onChange();
  }
}
