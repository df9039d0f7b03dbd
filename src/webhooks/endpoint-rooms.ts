import {
  WEBHOOK_ENDPOINT_WORK_MS,
  WEBHOOKS_FIRST_MAX,
  WEBHOOKS_PER_ENDPOINT_MAX,
} from "../core/model/limits.ts";

interface Known {
  underWay: number;
  /** Of its last answers, the newer ones weigh more. */
  took_ms: number | undefined;
}

/** Endpoints that are remembered although nothing of theirs is under way. */
const REMEMBERED_MAX = 1_000;
/** The weight of the newest answer in the time of an endpoint. */
const NEWEST = 0.2;

/**
 * How many deliveries each endpoint may have under way in this process: as many as it answers within
 * `WEBHOOK_ENDPOINT_WORK_MS`. So 500 endpoints that let every request wait for 15 s take one slot each.
 */
export class EndpointRooms {
  readonly first = WEBHOOKS_FIRST_MAX;
  readonly #endpoints = new Map<string, Known>();

  /** What is left of the rooms of endpoints, where that is not `first`. */
  known(): ReadonlyMap<string, number> {
    const rooms = new Map<string, number>();
    for (const [id, { underWay, took_ms }] of this.#endpoints) {
      const room = Math.max(0, roomOf(took_ms) - underWay);
      if (room !== this.first) rooms.set(id, room);
    }
    return rooms;
  }

  started(id: string): void {
    const known = this.#endpoints.get(id);
    if (known) known.underWay += 1;
    else this.#endpoints.set(id, { underWay: 1, took_ms: undefined });
  }

  ended(id: string, took_ms: number): void {
    const known = this.#endpoints.get(id);
    if (!known) return;
    known.underWay -= 1;
    known.took_ms =
      known.took_ms === undefined ? took_ms : known.took_ms + NEWEST * (took_ms - known.took_ms);
    if (this.#endpoints.size > REMEMBERED_MAX) this.#forgetIdle();
  }

  #forgetIdle(): void {
    for (const [id, { underWay }] of this.#endpoints) if (underWay === 0) this.#endpoints.delete(id);
  }
}

function roomOf(took_ms: number | undefined): number {
  if (took_ms === undefined) return WEBHOOKS_FIRST_MAX;
  const room = Math.floor(WEBHOOK_ENDPOINT_WORK_MS / Math.max(1, took_ms));
  return Math.min(Math.max(room, 1), WEBHOOKS_PER_ENDPOINT_MAX);
}
