import type { Api } from "../api-types.gen.ts";
import { post } from "./http.ts";
import { go, pageUrl } from "./place.ts";

export type BulkAction = Api["BulkAction"];
export type BulkFilter = BulkAction["filter"];

interface AskToBulk {
  readonly action: BulkAction["action"];
  readonly filter: BulkFilter;
}

/** What a bulk action would do: counted by the server, which changes nothing. */
export async function previewBulk({ action, filter }: AskToBulk): Promise<BulkAction> {
  return await post<BulkAction>("/bulk-actions", { action, filter, dry_run: true });
}

/** Starts it, once for each key: sending it again finds the first. Leads to its page. */
export async function startBulk({ action, filter }: AskToBulk, key: string): Promise<void> {
  const made = await post<BulkAction>(
    "/bulk-actions",
    { action, filter },
    { headers: { "idempotency-key": key } },
  );
  go(pageUrl(`/bulk-actions/${made.id}`));
}
