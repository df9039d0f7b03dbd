import { createHash, createHmac, randomBytes } from "node:crypto";
import type { KeyHolder } from "./customer.ts";
import type { KnownOperator } from "./operator.ts";

const TOKEN_BYTES = 32;

/** Creates the secret of a session or of a sign-in link. Only its hash is stored. */
export function createToken(): string {
  return randomBytes(TOKEN_BYTES).toString("base64url");
}

/** Returns the hash under which a token is stored. One round of SHA-256 is enough for 256 random bits. */
export function hashToken(token: string): string {
  return `sha256:${createHash("sha256").update(token).digest("hex")}`;
}

/**
 * What a session of the admin key stores of that key. Only who has the token as well can try keys on it, so a
 * reader of the database learns nothing of the key.
 */
export function adminProof(adminApiKey: string, token: string): string {
  return `sha256:${createHmac("sha256", adminApiKey).update(token).digest("hex")}`;
}

/** Whose session it is: the key that was sent at sign-in. */
export type SessionKey =
  { readonly api_key_id: string } | { readonly operator_id: string } | { readonly admin_proof: string };

export interface NewSession {
  readonly id: string;
  readonly token_hash: string;
  readonly key: SessionKey;
}

/** A session that has not ended, as its look-up finds it. */
export interface Session {
  readonly id: string;
  /** How long it lasts when nothing more is sent. */
  readonly left_ms: number;
  readonly owner:
    | { readonly kind: "admin"; readonly admin_proof: string }
    | { readonly kind: "operator"; readonly operator: KnownOperator }
    | { readonly kind: "customer"; readonly customer: KeyHolder };
}

/** Where browsers are signed in. */
export interface SessionRepository {
  /** Stores a session. The oldest of its key ends when there are `SESSIONS_PER_KEY_MAX`. */
  create(session: NewSession): Promise<void>;
  /**
   * Finds sessions by the hashes of their tokens, in order. Undefined for one that has ended: by itself, with
   * its key, or with its customer, who is inactive. Records the use of each, to the minute.
   */
  findByTokens(hashes: readonly string[]): Promise<(Session | undefined)[]>;
  /** Ends the session with this token, if there is one. */
  end(token_hash: string): Promise<void>;
}
