import type { JSX } from "preact";
import type { Api } from "../api-types.gen.ts";
import { ask } from "../lib/http.ts";
import { pageUrl } from "../lib/place.ts";
import { may } from "../lib/role.ts";
import { useAnswer, type Live } from "../lib/use-answer.ts";
import { openForm } from "./form-dialog.tsx";
import { Card } from "./page.tsx";
import { Table } from "./table.tsx";
import { Text } from "./text.tsx";
import { Badge, Time } from "./values.tsx";

type JobType = Api["JobType"];

/** The job types, what of each waits without a runner, and a switch for each. */
export function TypeQueues({ queue }: { readonly queue: Api["Queue"] }): JSX.Element {
  const types = useAnswer<{ readonly data: readonly JobType[] }>("/job-types?limit=200", 5_000);
  return (
    <Card title="By job type">
      <Table
        caption="Job types and whether their jobs start"
        rows={types.data?.data ?? []}
        keyOf={({ id }) => id}
        empty="No job types yet."
        columns={[
          {
            name: "Job type",
            cell: ({ id, name }) => (
              <a class="name" href={pageUrl(`/job-types/${id}`)}>
                <Text value={name} />
              </a>
            ),
          },
          { name: "State", cell: (type) => <TypeState type={type} waiting={unservedOf(queue, type.id)} /> },
          { name: "Runs at once", isFigure: true, cell: ({ running_limit }) => running_limit ?? "no limit" },
          {
            name: "Jobs",
            cell: ({ id }) => (
              <>
                <a href={pageUrl("/jobs", { job_type_id: id, status: "pending" })}>pending</a>{" "}
                <a href={pageUrl("/jobs", { job_type_id: id, status: "running" })}>running</a>
              </>
            ),
          },
          {
            name: "Switch",
            cell: (type) => (may("operate") ? <PauseType type={type} types={types} /> : null),
          },
        ]}
      />
    </Card>
  );
}

function unservedOf(queue: Api["Queue"], id: string): number {
  return queue.unserved.find(({ job_type_id }) => job_type_id === id)?.waiting ?? 0;
}

/** A badge only where something is wrong or stopped: a type that rests needs none. */
export function TypeState({
  type,
  waiting,
}: {
  readonly type: JobType;
  readonly waiting: number;
}): JSX.Element {
  if (type.paused_at)
    return (
      <>
        <Badge kind="warn">paused</Badge> <Time time={type.paused_at} />
      </>
    );
  if (waiting > 0) return <Badge kind="bad">{`no runner: ${waiting.toLocaleString("en")} wait`}</Badge>;
  if (!type.enabled) return <Badge kind="grey">closed to new jobs</Badge>;
  return <span class="quiet">{type.served ? "served" : "no runner, nothing waits"}</span>;
}

function PauseType(props: {
  readonly type: JobType;
  readonly types: Live<{ readonly data: readonly JobType[] }>;
}): JSX.Element {
  const { type, types } = props;
  const what = type.paused_at ? "resume" : "pause";
  const open = (): void => {
    openForm({
      title: `${type.paused_at ? "Resume" : "Pause"} this job type?`,
      explain: (
        <p>
          <Text value={type.name} />:{" "}
          {type.paused_at
            ? "its waiting jobs start again."
            : "runners start none of its jobs until it is resumed. What runs goes on, and other types are not held up."}
        </p>
      ),
      submit: type.paused_at ? "Resume" : "Pause",
      isDanger: !type.paused_at,
      run: async () => {
        await ask(`/job-types/${type.id}/${what}`, { method: "POST" });
        types.reload();
        return type.paused_at ? "Resumed" : "Paused";
      },
    });
  };
  return (
    <button type="button" class="small" onClick={open}>
      {type.paused_at ? "Resume" : "Pause"}
    </button>
  );
}
