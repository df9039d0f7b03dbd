import type { Statement } from "./database.ts";

export const BELL_CHANNEL = "iep_jobs";
/**
 * Rings the bell. Prepared: without Redis, every submission rings. It is never part of a submission, because NOTIFY takes
 * a lock that all commits of the server share.
 */
export const RING: Statement = { name: "ring_bell", text: `SELECT pg_notify('${BELL_CHANNEL}', '')` };
