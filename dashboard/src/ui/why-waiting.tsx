import type { ComponentChildren, JSX } from "preact";
import type { Api } from "../api-types.gen.ts";
import { pageUrl } from "../lib/place.ts";
import { isOperator } from "../lib/role.ts";
import { duration } from "../lib/time.ts";
import { OF_THE_QUEUE, useAnswer } from "../lib/use-answer.ts";
import type { Job } from "../lib/use-job-list.ts";
import { Text } from "./text.tsx";
import { priorityName, Time } from "./values.tsx";

type Queue = Api["Queue"];

/** One sentence: what the job waits for, and what would let it start. */
export function WhyWaiting({ job }: { readonly job: Job }): JSX.Element | null {
  const isPending = job.status === "pending";
  const asksQueue = isPending && isOperator.value;
  const { data: queue } = useAnswer<Queue>(asksQueue ? "/queue" : undefined, undefined, OF_THE_QUEUE);
  const { data: type } = useAnswer<Api["ShownJobType"]>(
    asksQueue ? `/job-types/${job.job_type_id}` : undefined,
  );
  if (!isPending) return null;
  return (
    <section class="why" aria-label="Why it waits">
      <strong>Waiting.</strong> {sentence(job, queue, type)}
      {job.attempt > 0 ? ` ${job.attempt} of its attempts ended without success.` : ""}
    </section>
  );
}

function sentence(
  job: Job,
  queue: Queue | undefined,
  type: Api["ShownJobType"] | undefined,
): ComponentChildren {
  switch (job.waiting_for) {
    case "run_at":
      return (
        <>
          It starts <Time time={job.run_at} />, not before.
        </>
      );
    case "resume":
      if (queue?.paused_at)
        return (
          <>
            The whole queue was paused <Time time={queue.paused_at} />. <QueueLink>Resume it</QueueLink>
          </>
        );
      if (type && "paused_at" in type && type.paused_at)
        return (
          <>
            Its job type <Text value={type.name} /> was paused <Time time={type.paused_at} />.{" "}
            <QueueLink>Resume it</QueueLink>
          </>
        );
      return "The queue or its job type is paused. It goes on when that is resumed.";
    case "runner":
      return type && "processing_logic_id" in type ? (
        <>
          No living runner has the processor <code>{type.processing_logic_id}</code>. It starts when one does.
        </>
      ) : (
        "No living runner serves its job type. It starts when one does."
      );
    case "limit":
      return "As many jobs of its customer or of its type run as may. It starts when one of them ends.";
    case "idle_runner":
      return "It lost its runner more than once, so it waits for a runner that runs nothing else.";
    case "slot":
      return turn(job, queue);
    case null:
      return "A runner is about to take it.";
  }
}

function turn(job: Job, queue: Queue | undefined): string {
  const own = queue?.priorities.find(({ priority }) => priority === job.priority);
  if (!queue || !own) return "It waits for its turn: every slot is taken, or is about to be.";
  const waiting = own.ready + own.backlog;
  const higher = queue.priorities
    .filter(({ priority }) => priority < job.priority)
    .reduce((sum, { ready, backlog }) => sum + ready + backlog, 0);
  const oldest =
    own.oldest_wait_seconds === null ? "" : `, the oldest for ${duration(own.oldest_wait_seconds * 1_000)}`;
  const before = higher === 0 ? "" : ` ${higher.toLocaleString("en")} of higher priority go first.`;
  return `It waits for its turn: ${waiting.toLocaleString("en")} of ${priorityName(job.priority)} priority wait${oldest}.${before}`;
}

function QueueLink({ children }: { readonly children: string }): JSX.Element {
  return <a href={pageUrl("/queue")}>{children}</a>;
}
