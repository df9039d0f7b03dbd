import { Socket } from "node:net";
import type { FastifyReply, FastifyRequest } from "fastify";
import { PlatformError } from "../../../core/lib/errors.ts";
import type { Job } from "../../../core/model/job.ts";
import { CONNECTION_TIMEOUT_MS, WAITS_MAX, WAITS_PER_CUSTOMER_MAX } from "../../../core/model/limits.ts";
import type { Platform } from "../../../core/use-cases/platform.ts";
import { createWaitForEnd, type WaitForEnd } from "../../../core/use-cases/wait-for-end.ts";
import { actorOf, ownerOf } from "../../http/auth.ts";
import { onHangUp } from "../../http/on-hang-up.ts";

type Submit<Submitted> = () => Promise<Submitted>;

/** Submissions that wait for the end of their jobs, by `Prefer: wait`: so many at a time. */
export class Waits {
  readonly #byOwner = new Map<string, number>();
  readonly #open = new Set<AbortController>();
  readonly #waitForEnd: WaitForEnd;

  constructor(platform: Pick<Platform, "jobs" | "jobChanges">) {
    this.#waitForEnd = createWaitForEnd(platform);
  }

  /**
   * Submits, and returns the job as it is when it has ended, or when the time of the request is up. Without the
   * preference it waits for nothing. Throws `rate_limited`, before anything is submitted, when too many wait.
   */
  submit<Submitted extends { readonly job: Job }>(
    request: FastifyRequest,
    reply: FastifyReply,
    submit: Submit<Submitted>,
  ): Promise<Submitted> {
    const { wait_seconds } = request;
    // Without a promise of its own: most submissions wait for nothing.
    return wait_seconds === undefined ? submit() : this.#submitAndWait(request, reply, wait_seconds, submit);
  }

  async #submitAndWait<Submitted extends { readonly job: Job }>(
    request: FastifyRequest,
    reply: FastifyReply,
    wait_seconds: number,
    submit: Submit<Submitted>,
  ): Promise<Submitted> {
    const owner = ownerOf(request) ?? actorOf(request);
    const stop = this.#take(owner);
    const forget = onHangUp(request, reply, () => stop.abort());
    try {
      const wait_ms = wait_seconds * 1_000;
      // It is silent all that time. A request that a test injects has none.
      const { socket } = request.raw;
      if (socket instanceof Socket) socket.setTimeout(wait_ms + CONNECTION_TIMEOUT_MS);
      const submitted = await submit();
      const job = await this.#waitForEnd(submitted.job, { wait_ms, signal: stop.signal });
      return { ...submitted, job };
    } finally {
      forget();
      this.#give(owner, stop);
    }
  }

  /** Ends all waiting: each request is answered with its job as it is. */
  endAll(): void {
    for (const stop of this.#open) stop.abort();
  }

  #take(owner: string): AbortController {
    const own = this.#byOwner.get(owner) ?? 0;
    if (own >= WAITS_PER_CUSTOMER_MAX || this.#open.size >= WAITS_MAX)
      throw new PlatformError(
        "rate_limited",
        `Only ${WAITS_PER_CUSTOMER_MAX} requests of a key, and ${WAITS_MAX} in all, wait for their jobs at a time. Send it without Prefer: wait, or later.`,
      );
    const stop = new AbortController();
    this.#byOwner.set(owner, own + 1);
    this.#open.add(stop);
    return stop;
  }

  #give(owner: string, stop: AbortController): void {
    this.#open.delete(stop);
    const left = (this.#byOwner.get(owner) ?? 1) - 1;
    if (left > 0) this.#byOwner.set(owner, left);
    else this.#byOwner.delete(owner);
  }
}
