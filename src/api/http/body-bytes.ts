import type { EventEmitter } from "node:events";
import type { FastifyReply, FastifyRequest } from "fastify";
import { PlatformError } from "../../core/lib/errors.ts";
import {
  ADMIN_BYTES_IN_FLIGHT_MAX,
  BODY_BYTES_MAX,
  BYTES_IN_FLIGHT_MAX,
  CHUNKED_BYTES,
  SMALL_BODY_BYTES,
  STRANGER_BYTES_IN_FLIGHT_MAX,
} from "../../core/model/limits.ts";

/** A response that is sent finishes, a body that is read ends, and a connection that breaks only closes. */
const ENDS = ["finish", "end", "close"] as const;

/** The body bytes of the requests under way, by who sent them. */
export class BodyBytes {
  readonly #byOwner = new Map<string, number>();

  /**
   * Counts the body of a request until its response has been sent. Throws `rate_limited` when its sender has
   * too many under way: those of others wait behind them. Small bodies are not counted, because counting
   * would cost more than they do.
   */
  reserve(request: FastifyRequest, reply: FastifyReply): void {
    const bytes = bytesOf(request);
    if (bytes <= SMALL_BODY_BYTES) return;
    const { principal } = request;
    if (principal?.kind === "customer")
      this.#add(principal.customer.id, bytes, BYTES_IN_FLIGHT_MAX, [reply.raw]);
    else this.#add("admin", bytes, ADMIN_BYTES_IN_FLIGHT_MAX, [reply.raw]);
  }

  /**
   * The error for a request whose key is not valid: `refusal`, or `rate_limited` when its address has too
   * many under way. Their bodies are read only to be dropped, and are under way until that is done.
   */
  refuseStranger(refusal: unknown, request: FastifyRequest): unknown {
    const bytes = bytesOf(request);
    if (bytes <= SMALL_BODY_BYTES) return refusal;
    try {
      this.#add(`address ${request.ip}`, bytes, STRANGER_BYTES_IN_FLIGHT_MAX, [request.raw, request.socket]);
      return refusal;
    } catch (limited) {
      return limited;
    }
  }

  #add(owner: string, bytes: number, max: number, until: readonly EventEmitter[]): void {
    const before = this.#byOwner.get(owner) ?? 0;
    if (before + bytes > max)
      throw new PlatformError(
        "rate_limited",
        `Requests with ${max / 1_048_576} MiB of bodies are under way from here. Send this one again when others have been answered.`,
      );
    this.#byOwner.set(owner, before + bytes);
    const release = (): void => {
      for (const emitter of until) for (const event of ENDS) emitter.removeListener(event, release);
      const left = (this.#byOwner.get(owner) ?? 0) - bytes;
      if (left > 0) this.#byOwner.set(owner, left);
      else this.#byOwner.delete(owner);
    };
    for (const emitter of until) for (const event of ENDS) emitter.once(event, release);
  }
}

/** What the body of a request will have; what is refused for its size counts as nothing. */
function bytesOf({ headers }: FastifyRequest): number {
  if (headers["transfer-encoding"] !== undefined) return CHUNKED_BYTES;
  const bytes = Number(headers["content-length"] ?? 0);
  return bytes <= BODY_BYTES_MAX ? bytes : 0;
}
