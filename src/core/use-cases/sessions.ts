import type { KeyChanges } from "../model/key-changes.ts";
import type { Session, SessionRepository } from "../model/session.ts";
import { KeyCache } from "./key-cache.ts";

/** A session, and when it ends if nothing more is sent, in the time of `performance.now()`. */
export interface KnownSession extends Session {
  readonly ends_at: number;
}

/** A cache of sessions, by the hashes of their tokens. */
export type Sessions = KeyCache<KnownSession>;

export function createSessions(
  sessions: Pick<SessionRepository, "findByTokens">,
  changes: KeyChanges,
): Sessions {
  return new KeyCache(
    {
      async findAll(hashes) {
        const asked_at = performance.now();
        const found = await sessions.findByTokens(hashes);
        return found.map((session) => session && { ...session, ends_at: asked_at + session.left_ms });
      },
      concerns: ({ id, owner }, changed) =>
        id === changed ||
        (owner.kind === "customer" && owner.customer.id === changed) ||
        (owner.kind === "operator" && owner.operator.id === changed),
    },
    changes,
  );
}
