import { IDEMPOTENCY_KEY_DAYS } from "../../core/model/idempotency.ts";
import type { Database } from "../connection/database.ts";

/** Of each, in one call. With 50 calls in a row every 5 s, that is more than can come. */
const BATCH = 5_000;
/** An event that nobody took for so long is nobody's. */
const OUTBOX_DAYS = 30;

const PRUNE_KEYS = { name: "prune_idempotency_keys", text: "SELECT prune_idempotency_keys($1, $2)" };
const PRUNE_OUTBOX = {
  name: "prune_outbox",
  text: `
    WITH gone AS (
      DELETE FROM outbox WHERE id = ANY (array(
        SELECT o.id FROM (SELECT id, created_at FROM outbox ORDER BY id LIMIT $2) o WHERE o.created_at < now() - make_interval(days => $1))) RETURNING 1)
    SELECT count(*) FROM gone`,
};

/** Deletes one batch of each; true when one was full. */
export async function forgetExpired(database: Database): Promise<boolean> {
  const [keys] = await database.call<[number]>(PRUNE_KEYS, [IDEMPOTENCY_KEY_DAYS, BATCH]);
  const [events] = await database.call<[number]>(PRUNE_OUTBOX, [OUTBOX_DAYS, BATCH]);
  return keys?.[0] === BATCH || events?.[0] === BATCH;
}
