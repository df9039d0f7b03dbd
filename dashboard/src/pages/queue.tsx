import type { JSX } from "preact";
import type { Api } from "../api-types.gen.ts";
import { ask } from "../lib/http.ts";
import { pageUrl } from "../lib/place.ts";
import { may } from "../lib/role.ts";
import { duration } from "../lib/time.ts";
import { OF_THE_QUEUE, useAnswer } from "../lib/use-answer.ts";
import { openForm } from "../ui/form-dialog.tsx";
import { Answered, Card, Page } from "../ui/page.tsx";
import { Table } from "../ui/table.tsx";
import { TypeQueues } from "../ui/type-queues.tsx";
import { priorityName, Time } from "../ui/values.tsx";

type Queue = Api["Queue"];

/** What waits, how long, and whether anybody takes it. */
export function QueuePage(): JSX.Element {
  const answer = useAnswer<Queue>("/queue", undefined, OF_THE_QUEUE);
  const { data, reload } = answer;
  return (
    <Page title="Queue" actions={data && may("operate") ? <PauseQueue queue={data} reload={reload} /> : null}>
      <Answered answer={answer}>
        {(queue) => (
          <>
            {queue.paused_at ? (
              <p class="why">
                <strong>Paused</strong> <Time time={queue.paused_at} />. Runners start no jobs; those that run
                go on.
              </p>
            ) : null}
            {queue.ready_queue_status === "unavailable" ? (
              <p class="why">
                <strong>Redis cannot be used.</strong> Runners take jobs from PostgreSQL until it works again.
              </p>
            ) : null}
            <Card title="By priority">
              <Table
                caption="Waiting jobs by priority, now"
                rows={queue.priorities}
                keyOf={({ priority }) => String(priority)}
                columns={[
                  {
                    name: "Priority",
                    cell: ({ priority }) => (
                      <a href={pageUrl("/jobs", { status: "pending", priority: String(priority) })}>
                        {priorityName(priority)}
                      </a>
                    ),
                  },
                  { name: "Ready", isFigure: true, cell: ({ ready }) => count(ready) },
                  { name: "Backlog", isFigure: true, cell: ({ backlog }) => count(backlog) },
                  {
                    name: "Oldest waits",
                    isFigure: true,
                    cell: ({ oldest_wait_seconds: seconds }) =>
                      duration(seconds === null ? null : seconds * 1_000),
                  },
                  { name: "Scheduled", isFigure: true, cell: ({ scheduled }) => count(scheduled) },
                  { name: "Parked", isFigure: true, cell: ({ parked }) => count(parked) },
                ]}
              />
              <p class="quiet">
                Ready jobs are where runners take them, the backlog waits for room there. Scheduled jobs wait
                for their time, parked ones for their paused type.
              </p>
            </Card>
            <TypeQueues queue={queue} />
          </>
        )}
      </Answered>
    </Page>
  );
}

function count(jobs: number): string {
  return jobs.toLocaleString("en");
}

function PauseQueue({ queue, reload }: { readonly queue: Queue; readonly reload: () => void }): JSX.Element {
  const send = async (what: "pause" | "resume", told: string): Promise<string> => {
    await ask(`/queue/${what}`, { method: "POST" });
    reload();
    return told;
  };
  if (queue.paused_at)
    return (
      <button
        type="button"
        class="main"
        onClick={() =>
          openForm({
            title: "Resume the queue?",
            explain: <p>Runners start jobs again at once, those that waited longest first.</p>,
            submit: "Resume",
            run: () => send("resume", "The queue is resumed"),
          })
        }
      >
        Resume the queue
      </button>
    );
  return (
    <button
      type="button"
      onClick={() =>
        openForm({
          title: "Pause the whole queue?",
          explain: (
            <p>
              Runners start no more jobs of any customer. What runs goes on, and new jobs are accepted, with
              their prices held.
            </p>
          ),
          submit: "Pause",
          isDanger: true,
          run: () => send("pause", "The queue is paused"),
        })
      }
    >
      Pause the queue
    </button>
  );
}
