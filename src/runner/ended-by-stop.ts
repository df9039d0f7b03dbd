import { setTimeout as wait } from "node:timers/promises";
import { SIGNAL_WAIT_MS } from "../core/model/limits.ts";
import { isFatal } from "../processors/sdk/fatal-error.ts";

/** Whether a runner stops, for its attempts. */
export class StopNotice {
  readonly #began: Promise<void>;
  #begin: () => void = () => undefined;
  #isStopping = false;

  constructor() {
    this.#began = new Promise((resolve) => {
      this.#begin = resolve;
    });
  }

  get isStopping(): boolean {
    return this.#isStopping;
  }

  begin(): void {
    this.#isStopping = true;
    this.#begin();
  }

  /** Resolves when the runner stops, or after this time. */
  async within(wait_ms: number): Promise<void> {
    await Promise.race([this.#began, wait(wait_ms, undefined, { ref: false })]);
  }
}

/** Signals by which a supervisor ends what it has started. */
const STOP_SIGNALS: readonly unknown[] = ["SIGTERM", "SIGINT", "SIGHUP", "SIGKILL"];

/**
 * Returns whether an attempt failed because the runner is being stopped, which is not its fault. Supervisors signal all
 * processes of a service, and a command may hear it a moment before the runner does: so an attempt that a
 * signal has ended waits for the runner's own. While the runner stops, any end of a command that is not its
 * verdict on the job may come from a signal, because many programs turn one into an exit code.
 */
export async function endedByStop(failure: unknown, stop: StopNotice): Promise<boolean> {
  if (isFatal(failure)) return false;
  if (!STOP_SIGNALS.includes(read(failure, "signal"))) {
    return (
      stop.isStopping &&
      read(failure, "name") === "SubprocessError" &&
      read(failure, "code") === "attempt_failed"
    );
  }
  if (!stop.isStopping) await stop.within(SIGNAL_WAIT_MS);
  return stop.isStopping;
}

/** A property of anything that was thrown, undefined when a look at it throws. */
function read(thrown: unknown, key: string): unknown {
  if (typeof thrown !== "object" || thrown === null) return undefined;
  try {
    // Any object has properties of unknown types.
    return (thrown as Readonly<Record<string, unknown>>)[key];
  } catch {
    return undefined;
  }
}
