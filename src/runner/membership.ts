import { hostname } from "node:os";
import { setTimeout as wait } from "node:timers/promises";
import type { Logger } from "pino";
import { v7 as uuidv7 } from "uuid";
import { withRetry } from "../core/lib/with-retry.ts";
import { HEARTBEAT_MS, type Heartbeat, type Pulse, type RunnerRepository } from "../core/model/runner.ts";

/** Pulses further apart than this are a break in the contact with the database. */
const BREAK_MS = 3 * HEARTBEAT_MS;
/** How long one try to register goes on before it is logged; registering itself never gives up. */
const REGISTER_FOR_MS = 30_000;
/** Before the next: an error that is not the database's absence comes at once, again and again. */
const REGISTER_DELAY_MS = 500;

interface MembershipOptions {
  readonly runners: RunnerRepository;
  readonly heartbeat: Heartbeat;
  readonly slots: number;
  readonly version: string;
  readonly log: Logger;
  /** Declared dead: nothing that was claimed under the old id may be written any more. */
  readonly onLost: () => void;
  readonly onCancelled: (jobIds: readonly string[]) => void;
  /** The queue was paused or resumed, or the runner has registered. */
  readonly onChange: () => void;
}

/**
 * A runner's place among the living: registered under an id of its own, kept by heartbeats. Once declared dead it comes back under a new id, because
 * the old one has lost its jobs for good.
 */
export class Membership {
  #id = uuidv7();
  readonly #options: MembershipOptions;
  #joined = false;
  #joining = Promise.resolve();
  #left = false;
  #paused = false;
  #contact_since = 0;
  #last_pulse_at = -Infinity;

  constructor(options: MembershipOptions) {
    this.#options = options;
  }

  get id(): string {
    return this.#id;
  }

  /** Whether claims may be made now. */
  get mayClaim(): boolean {
    return this.#joined && !this.#paused;
  }

  /** How long there has been contact with the database without a break, in milliseconds. */
  get contact_ms(): number {
    const silent_ms = performance.now() - this.#last_pulse_at;
    return silent_ms > BREAK_MS ? 0 : this.#last_pulse_at - this.#contact_since;
  }

  /** Registers, however long that takes while the database is away. */
  join(): Promise<void> {
    this.#joining = this.#register();
    return this.#joining;
  }

  async #register(): Promise<void> {
    const { runners, heartbeat, slots, version, log, onChange } = this.#options;
    while (!this.#left) {
      const id = uuidv7();
      try {
        await withRetry(() => runners.register({ id, host: hostname(), version, slots }), {
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

  /** Gives the id up with all that was claimed under it, and registers anew: what this runner cannot settle, another must get. */
  async renew(): Promise<void> {
    if (!this.#joined) return;
    this.#joined = false;
    const lost = this.#id;
    this.#options.onLost();
    await this.#options.runners.deregister(lost).catch(() => undefined);
    await this.join();
  }

  /** At an orderly end, once nothing runs any more. A try to register that is under way ends first: it would leave a dead runner in the list. */
  async leave(): Promise<void> {
    this.#left = true;
    await this.#joining;
    await this.#options.heartbeat.stop();
    if (this.#joined) await this.#options.runners.deregister(this.#id).catch(() => undefined);
    this.#joined = false;
  }

  #hear(pulse: Pulse): void {
    const now = performance.now();
    if (now - this.#last_pulse_at > BREAK_MS) this.#contact_since = now;
    this.#last_pulse_at = now;
    if (!pulse.alive) {
      this.#options.log.warn(
        { runner_id: this.#id },
        "declared dead: dropping what runs and registering anew",
      );
      void this.renew();
      return;
    }
    if (pulse.cancelled.length > 0) this.#options.onCancelled(pulse.cancelled);
    if (pulse.queue_paused !== this.#paused) {
      this.#paused = pulse.queue_paused;
      this.#options.log.info(
        { queue_paused: this.#paused },
        this.#paused ? "the queue is paused" : "the queue goes on",
      );
      this.#options.onChange();
    }
  }
}
