import { setTimeout as wait } from "node:timers/promises";
import type { Logger } from "pino";
import { GroupCommit } from "../core/lib/group-commit.ts";
import { PlatformError } from "../core/lib/errors.ts";
import { signWebhook } from "../core/lib/sign-webhook.ts";
import { isRetryable, withRetry } from "../core/lib/with-retry.ts";
import { WEBHOOK_CLAIM_MAX, WEBHOOK_LEASE_MS, WEBHOOKS_IN_FLIGHT_MAX } from "../core/model/limits.ts";
import type { WebhookMeter } from "../core/model/meters.ts";
import type {
  ClaimedDelivery,
  DeliveryOutcome,
  DisabledEndpoint,
  WebhookDeliveryRepository,
} from "../core/model/webhook.ts";
import { decideDelivery } from "../core/use-cases/decide-delivery.ts";
import { webhookBody } from "../core/use-cases/webhook-body.ts";
import { EndpointRooms } from "./endpoint-rooms.ts";
import type { PostWebhook } from "./post-webhook.ts";

/** Claims of one round. */
const CLAIMS_MAX = 20;
/** How long it waits for deliveries to end before it looks again. */
const LOOK_MS = 100;
/** How long what ends waits for others, to be written in one call. */
const GATHER_MS = 10;

interface SenderParts {
  readonly deliveries: WebhookDeliveryRepository;
  readonly post: PostWebhook;
  readonly log: Logger;
  readonly meter?: WebhookMeter | undefined;
}

/**
 * Sends deliveries that are due. It claims no more than it has room for, of each endpoint as much as fits the
 * time that it takes to answer, so one that is slow holds up nobody else. What it dies with is due again after
 * the lease.
 */
export class WebhookSender {
  readonly #parts: SenderParts;
  readonly #rooms = new EndpointRooms();
  readonly #settling: GroupCommit<DeliveryOutcome, undefined>;
  readonly #underWay = new Set<Promise<void>>();
  readonly #stop = new AbortController();
  /** What waits to be written. */
  readonly #ended: DeliveryOutcome[] = [];
  #writing: Promise<void> | undefined;
  #claiming: Promise<number> | undefined;
  #isStopping = false;
  #onEnded: (() => void) | undefined;
  #after: string | undefined;

  constructor(parts: SenderParts) {
    this.#parts = parts;
    this.#settling = new GroupCommit({
      run: async (outcomes) => {
        await this.#settle(outcomes);
        return outcomes.map(() => undefined);
      },
      batchMax: WEBHOOKS_IN_FLIGHT_MAX,
      queueMax: 2 * WEBHOOKS_IN_FLIGHT_MAX,
      onFull: () => new PlatformError("unavailable", "Too many deliveries wait to be written."),
      isolates: (error) => !isRetryable(error),
    });
  }

  /** Deliveries that are under way. */
  get underWay(): number {
    return this.#underWay.size;
  }

  /** Claims what is due and begins to send it, while there is more. True when there may be more. */
  async round(): Promise<boolean> {
    for (let n = 0; n < CLAIMS_MAX && !this.#isStopping; n += 1) {
      const rooms = this.#rooms.known();
      this.#claiming = this.#claim(rooms);
      const claimed = await this.#claiming;
      const isAround = this.#after === undefined;
      // Of an endpoint that is full there may be more.
      const isFull = [...rooms.values()].includes(0);
      if (claimed === 0 && isAround && !isFull) return false;
      if (isAround || this.#underWay.size >= WEBHOOKS_IN_FLIGHT_MAX) await this.#room();
    }
    return !this.#isStopping;
  }

  /** Returns how many deliveries it began to send. */
  async #claim(rooms: ReadonlyMap<string, number>): Promise<number> {
    const max = Math.min(WEBHOOK_CLAIM_MAX, WEBHOOKS_IN_FLIGHT_MAX - this.#underWay.size);
    if (max <= 0) return 0;
    const room = { max, room: this.#rooms.first, rooms, after: this.#after };
    const { claimed, cursor } = await this.#parts.deliveries.claim(room);
    this.#after = cursor;
    if (this.#isStopping) {
      await this.#settle(claimed.map((delivery) => ({ delivery, kind: "released" })));
      return 0;
    }
    for (const delivery of claimed) this.#start(delivery);
    return claimed.length;
  }

  /** Waits until a quarter of what is under way has ended, so that a claim takes many at a time. */
  async #room(): Promise<void> {
    let awaited = Math.ceil(this.#underWay.size / 4);
    const ended = new Promise<void>((resolve) => {
      this.#onEnded = () => {
        awaited -= 1;
        if (awaited <= 0) resolve();
      };
    });
    await Promise.race([ended, wait(LOOK_MS, undefined, { ref: false })]);
  }

  /** Gives what is under way so much time to end, and gives back the rest. */
  async stop(grace_ms: number): Promise<void> {
    this.#isStopping = true;
    const timer = setTimeout(() => this.#stop.abort(), grace_ms);
    // What a claim brings now is given back at once. When it fails, `round` tells.
    await Promise.allSettled([this.#claiming, ...this.#underWay]);
    clearTimeout(timer);
    this.#stop.abort();
    this.#parts.post.close();
  }

  #start(delivery: ClaimedDelivery): void {
    this.#rooms.started(delivery.endpoint_id);
    const work = this.#deliver(delivery).finally(() => this.#underWay.delete(work));
    this.#underWay.add(work);
  }

  /** Never rejects. */
  async #deliver(delivery: ClaimedDelivery): Promise<void> {
    const started_at = performance.now();
    try {
      const outcome = await this.#send(delivery);
      this.#rooms.ended(delivery.endpoint_id, performance.now() - started_at);
      this.#onEnded?.();
      this.#parts.meter?.ended(outcome.kind, (performance.now() - started_at) / 1_000);
      this.#ended.push(outcome);
      await (this.#writing ??= this.#writeSoon());
    } catch (error) {
      this.#parts.log.error({ err: error, delivery: delivery.id }, "a delivery failed: this is a bug");
    }
  }

  /** Writes what ends within a moment together. Never rejects: what is not written is sent again. */
  async #writeSoon(): Promise<void> {
    await wait(GATHER_MS);
    this.#writing = undefined;
    const results = await this.#settling.addAll(this.#ended.splice(0));
    const lost = results.filter((result) => result.status === "rejected");
    if (lost.length > 0)
      this.#parts.log.warn(
        { err: lost[0]?.reason, deliveries: lost.length },
        "what came of deliveries was not written: they are sent again",
      );
  }

  async #send(delivery: ClaimedDelivery): Promise<DeliveryOutcome> {
    const body = webhookBody(delivery, delivery.subject);
    if (body === undefined) return { delivery, kind: "failed", answer: nothingToTell() };
    const headers = signWebhook(delivery.id, body, delivery.secrets, new Date());
    const answer = await this.#parts.post(delivery.url, headers, body, this.#stop.signal);
    if (answer.status === null && this.#stop.signal.aborted) return { delivery, kind: "released" };
    return decideDelivery(delivery, answer);
  }

  async #settle(outcomes: readonly DeliveryOutcome[]): Promise<void> {
    const disabled = await withRetry(() => this.#parts.deliveries.settle(outcomes), {
      for_ms: WEBHOOK_LEASE_MS,
    });
    for (const endpoint of disabled) this.#tell(endpoint);
  }

  #tell({ endpoint_id, reason }: DisabledEndpoint): void {
    this.#parts.meter?.disabled();
    this.#parts.log.warn({ endpoint_id, reason }, "a webhook endpoint was disabled");
  }
}

function nothingToTell() {
  const error = "the job was deleted because it was too old, or the customer was erased";
  return { at: new Date().toISOString(), took_ms: 0, status: null, error, headers: {}, body: "" };
}
