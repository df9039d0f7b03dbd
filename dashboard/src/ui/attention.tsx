import type { JSX } from "preact";
import type { Api } from "../api-types.gen.ts";
import { pageUrl } from "../lib/place.ts";
import { duration } from "../lib/time.ts";
import { Text } from "./text.tsx";
import { Badge } from "./values.tsx";

type Item = Api["Overview"]["attention"][number];

/** What somebody should look at, the worst first; or that there is nothing, and how old that is. */
export function Attention(props: {
  readonly overview: Api["Overview"];
  readonly age_ms: number;
}): JSX.Element {
  const { attention } = props.overview;
  if (attention.length === 0)
    return (
      <p class="clear">
        <strong>All clear</strong>, checked {duration(props.age_ms)} ago.
      </p>
    );
  return (
    <section class="card attention" aria-label="Needs attention">
      <h2>Needs attention</h2>
      <ul>
        {attention.map((item) => (
          <li key={item.kind + (item.subject ?? "")}>
            <Badge kind={item.severity}>{item.severity === "bad" ? "broken" : "look"}</Badge>{" "}
            <span>
              <Text value={item.says} /> <a href={linkOf(item)}>Show</a>
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}

function linkOf({ kind, subject }: Item): string {
  switch (kind) {
    case "no_runner":
      return pageUrl("/runners");
    case "job_type_without_runner":
      return pageUrl("/jobs", { status: "pending", job_type_id: subject ?? undefined });
    case "oldest_wait":
      return pageUrl("/jobs", { status: "pending", priority: subject ?? undefined });
    case "new_failure":
    case "rising_failure":
      return pageUrl("/failures");
    case "audit_broken":
    case "audit_late":
      return pageUrl("/money");
    case "webhooks_failing":
      return pageUrl("/webhooks");
    case "redis_away":
    case "queue_paused":
    case "upkeep_behind":
      return pageUrl("/queue");
  }
}
