import type { JSX } from "preact";
import type { BulkAction, BulkFilter } from "../lib/bulk.ts";
import { learn } from "../lib/names.ts";
import { money } from "../lib/money.ts";
import { exactTime } from "../lib/time.ts";
import { Facts } from "./page.tsx";
import { Text } from "./text.tsx";
import { priorityName, shortId } from "./values.tsx";

type Effect = Pick<BulkAction, "jobs" | "skips" | "costs">;

/** The filter in words: what is about to be reached is said again, so that none is forgotten. */
export function FilterWords({ filter }: { readonly filter: BulkFilter }): JSX.Element {
  const customer =
    filter.customer_id && (learn("customers", filter.customer_id)?.name ?? shortId(filter.customer_id));
  const type =
    filter.job_type_id && (learn("job-types", filter.job_type_id)?.name ?? shortId(filter.job_type_id));
  const parts = [
    filter.ids && `${filter.ids.length} chosen by hand`,
    filter.status && `status ${filter.status}`,
    type && `type ${type}`,
    filter.priority !== undefined && `priority ${priorityName(filter.priority)}`,
    customer && `customer ${customer}`,
    filter.created_after && `created after ${exactTime(filter.created_after)}`,
    filter.fingerprint && "failed in the same way",
  ];
  return <Text value={parts.filter((part): part is string => typeof part === "string").join(", ")} />;
}

/** How many jobs, which are passed over and why, and what it costs. */
export function BulkEffect({
  action,
  effect,
}: {
  readonly action: BulkAction["action"];
  readonly effect: Effect;
}): JSX.Element {
  return (
    <Facts
      facts={[
        [action === "retry" ? "New jobs" : "Cancelled", effect.jobs.toLocaleString("en")],
        [
          action === "retry" ? "Held for them" : "Holds released",
          effect.costs.map(({ cents, currency }) => money(cents, currency)).join(", ") || "nothing",
        ],
        [
          "Passed over",
          effect.skips
            .map(({ reason, jobs }) => `${jobs.toLocaleString("en")} ${reason.replaceAll("_", " ")}`)
            .join(", ") || "none",
        ],
      ]}
    />
  );
}
