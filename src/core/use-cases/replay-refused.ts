import type { PlatformError } from "../lib/errors.ts";
import type { KeyedItem } from "../model/idempotency.ts";
import type { JobRepository, Submitted } from "../model/job.ts";
import { refusedIfAway } from "./away.ts";

/**
 * The results of the refused requests; undefined for the others. A job type may have become stricter since a
 * key created its job: what was created then is still the result. One look-up a key.
 */
export async function replayRefused(
  jobs: JobRepository,
  requests: readonly { readonly key?: KeyedItem | undefined }[],
  refusals: readonly (PlatformError | undefined)[],
): Promise<(Submitted | undefined)[]> {
  const made = new Map<string, ReturnType<JobRepository["findMade"]>>();
  async function findReplay(key: KeyedItem): Promise<Submitted | undefined> {
    const ofKey = made.get(key.id) ?? jobs.findMade(key);
    made.set(key.id, ofKey);
    const job = (await ofKey)[key.item];
    return job && { job, due: false, replayed: true };
  }

  const results: (Submitted | undefined)[] = [];
  for (const [n, { key }] of requests.entries()) {
    const refused = refusals[n];
    const replay = refused && key && (await findReplay(key).catch(refusedIfAway));
    results.push(replay ?? (refused && { refused }));
  }
  return results;
}
