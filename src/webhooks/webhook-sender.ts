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

/** How long it waits between two claims while there is work. */
const ROUND_MS = 10;

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
  #isStopping = false;
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

  /** Claims what is due and begins to send it. True when there may be more: then there is room for it, too. */
  async round(): Promise<boolean> {
    if (this.#isStopping) return false;
    const max = Math.min(WEBHOOK_CLAIM_MAX, WEBHOOKS_IN_FLIGHT_MAX - this.#underWay.size);
    const { claimed, cursor } = await this.#parts.deliveries.claim({
      max,
      room: this.#rooms.first,
      rooms: this.#rooms.known(),
      after: this.#after,
    });
    this.#after = cursor;
    for (const delivery of claimed) this.#start(delivery);
    // At the end of a way around that found nothing, it rests.
    if (claimed.length === 0 && cursor === undefined) return false;
    // Meanwhile deliveries end, which makes room: a claim takes many at a time.
    if (cursor === undefined || this.#underWay.size >= WEBHOOKS_IN_FLIGHT_MAX) await wait(ROUND_MS);
    return !this.#isStopping;
  }

  /** Gives what is under way so much time to end, and gives back the rest. */
  async stop(grace_ms: number): Promise<void> {
    this.#isStopping = true;
    const timer = setTimeout(() => this.#stop.abort(), grace_ms);
    await Promise.all(this.#underWay);
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
      this.#parts.meter?.ended(outcome.kind, (performance.now() - started_at) / 1_000);
      await this.#settling.add(outcome);
    } catch (error) {
      // Its lease ends, and it is sent again.
      this.#parts.log.warn({ err: error, delivery: delivery.id }, "what came of a delivery was not written");
    }
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
  const error = "the job was deleted because it was too old";
  return { at: new Date().toISOString(), took_ms: 0, status: null, error, headers: {}, body: "" };
}
