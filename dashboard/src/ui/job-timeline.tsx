import type { ComponentChildren, JSX } from "preact";
import { duration, now } from "../lib/time.ts";
import type { Job } from "../lib/use-job-list.ts";
import { Card } from "./page.tsx";
import { Text } from "./text.tsx";
import { Time } from "./values.tsx";

interface Moment {
  readonly at: string;
  readonly what: ComponentChildren;
  readonly kind: "start" | "failure" | "end";
}

/** What happened and when: a bar to scale, and the same as a list. */
export function JobTimeline({ job }: { readonly job: Job }): JSX.Element {
  const moments = momentsOf(job);
  const from = Date.parse(job.created_at);
  const until = job.completed_at === null ? Math.max(now.value, from + 1) : Date.parse(job.completed_at);
  const share = (at: number): number =>
    (100 * Math.min(Math.max(at - from, 0), until - from)) / Math.max(until - from, 1);
  const started =
    job.started_at === null || job.status === "pending" ? undefined : Date.parse(job.started_at);
  return (
    <Card title="Timeline">
      <div class="timeline" aria-hidden="true">
        <span class="wait" style={{ left: "0%", width: `${share(started ?? until)}%` }} />
        {started === undefined ? null : (
          <span
            class={`run ${job.status}`}
            style={{ left: `${share(started)}%`, width: `${Math.max(100 - share(started), 0.5)}%` }}
          />
        )}
        {job.errors.map((error) => (
          <span key={error.at} class="mark" style={{ left: `${share(Date.parse(error.at))}%` }} />
        ))}
      </div>
      <ol class="moments">
        {moments.map(({ at, what, kind }, index) => {
          const before = moments[index - 1];
          return (
            <li key={at + kind} class={kind}>
              <span class="moment-what">{what}</span>
              <span class="quiet">
                <Time time={at} />
                {before ? `, ${duration(Date.parse(at) - Date.parse(before.at))} later` : ""}
              </span>
            </li>
          );
        })}
        {job.completed_at === null ? (
          <li class="open">
            <span class="moment-what">{job.status === "running" ? "It runs" : "It waits"}</span>
            <span class="quiet">
              for {duration(now.value - Date.parse((moments.at(-1) ?? { at: job.created_at }).at))} now
            </span>
          </li>
        ) : null}
      </ol>
    </Card>
  );
}

function momentsOf(job: Job): Moment[] {
  const isLater = job.run_at > job.created_at && job.attempt === 0;
  const moments: Moment[] = [
    { at: job.created_at, what: "Submitted, its price held", kind: "start" },
    ...(isLater && Date.parse(job.run_at) <= Date.now()
      ? [{ at: job.run_at, what: "Due", kind: "start" } as const]
      : []),
    ...job.errors.map(({ at, attempt, code }): Moment => ({
      at,
      what: (
        <>
          Attempt {attempt} failed: <Text value={code} />
        </>
      ),
      kind: "failure",
    })),
    ...(job.started_at === null || job.status === "pending"
      ? []
      : [{ at: job.started_at, what: `Attempt ${job.attempt} started`, kind: "start" } as const]),
  ];
  const sorted = moments.toSorted((a, b) => Date.parse(a.at) - Date.parse(b.at));
  if (job.completed_at !== null) sorted.push({ at: job.completed_at, what: endOf(job), kind: "end" });
  return sorted;
}

function endOf({ status }: Job): string {
  if (status === "succeeded") return "Succeeded, and charged";
  if (status === "failed") return "Failed: its hold was released";
  return "Cancelled: its hold was released";
}
