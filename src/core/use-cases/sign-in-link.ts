import { timingSafeEqual } from "node:crypto";
import { SIGN_IN_LINK_MS } from "../model/limits.ts";
import { createToken, hashToken } from "../model/session.ts";

/**
 * The one-time token of the link that `npm start` prints. It signs in as the admin, once, within
 * `SIGN_IN_LINK_MS`. Only this process knows it, and only by its hash.
 */
export class SignInLink {
  #hash: string | undefined;
  #ends_at = -Infinity;

  /** Returns a new token. The one before it signs in no more. */
  create(): string {
    const token = createToken();
    this.#hash = hashToken(token);
    this.#ends_at = performance.now() + SIGN_IN_LINK_MS;
    return token;
  }

  /** Returns whether this token signs in now. It never does again. */
  take(token: string): boolean {
    const hash = this.#hash;
    if (hash === undefined || !timingSafeEqual(Buffer.from(hash), Buffer.from(hashToken(token))))
      return false;
    this.#hash = undefined;
    return performance.now() < this.#ends_at;
  }
}
