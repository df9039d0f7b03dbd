import type { ComponentChildren, JSX } from "preact";
import { now, between, duration } from "../lib/time.ts";
import type { Job } from "../lib/use-job-list.ts";
import { Table, type Column } from "./table.tsx";
import { CustomerLink, JobLink, JobTypeName, Money, priorityName, shortId, Status, Time } from "./values.tsx";
import { learn } from "../lib/names.ts";

interface JobTableProps {
  readonly rows: readonly Job[];
  readonly isStale?: (job: Job) => boolean;
  readonly withCustomer: boolean;
  readonly empty: ComponentChildren;
  /** Names of columns that are left out. */
  readonly hidden?: ReadonlySet<string>;
  /** Left out: nothing can be chosen. */
  readonly selection?: {
    readonly ids: ReadonlySet<string>;
    readonly toggle: (id: string) => void;
  };
}

export function JobTable({
  rows,
  isStale,
  withCustomer,
  empty,
  hidden,
  selection,
}: JobTableProps): JSX.Element {
  const columns: Column<Job>[] = [
    ...(selection
      ? [
          {
            name: "Choose",
            isUnnamed: true,
            cell: ({ id }: Job) => (
              <input
                type="checkbox"
                aria-label={`Choose job ${shortId(id)}`}
                checked={selection.ids.has(id)}
                onChange={() => selection.toggle(id)}
              />
            ),
          },
        ]
      : []),
    { name: "Status", cell: ({ status }) => <Status status={status} /> },
    { name: "Job", cell: ({ id }) => <JobLink id={id} /> },
    { name: "Type", cell: ({ job_type_id }) => <JobTypeName id={job_type_id} /> },
    ...(withCustomer
      ? [{ name: "Customer", cell: ({ customer_id }: Job) => <CustomerLink id={customer_id} /> }]
      : []),
    { name: "Price", isFigure: true, cell: (job) => <Price job={job} /> },
    { name: "Priority", cell: ({ priority }) => priorityName(priority) },
    { name: "Created", cell: ({ created_at }) => <Time time={created_at} /> },
    { name: "Waited", isFigure: true, cell: (job) => duration(waited(job)) },
    { name: "Ran", isFigure: true, cell: (job) => duration(ran(job)) },
    { name: "Attempt", isFigure: true, cell: ({ attempt, max_attempts }) => `${attempt}/${max_attempts}` },
  ];
  return (
    <Table
      caption="Jobs"
      columns={columns.filter(({ name }) => !hidden?.has(name))}
      rows={rows}
      keyOf={({ id }) => id}
      empty={empty}
      rowClass={(job) => (isStale?.(job) ? "stale" : "")}
    />
  );
}

/** Charged, or held, or what was let go: a hold is never shown as a charge. */
function Price({ job }: { readonly job: Job }): JSX.Element {
  const currency = learn("customers", job.customer_id)?.currency;
  if (job.cost_cents !== null) return <Money cents={job.cost_cents} currency={currency} />;
  if (job.completed_at !== null) return <span class="quiet">none</span>;
  return (
    <span class="quiet">
      held <Money cents={job.estimated_cost_cents} currency={currency} />
    </span>
  );
}

/** Until the start of the last attempt, or until now. Time before `run_at` is no waiting. */
export function waited(job: Job): number | undefined {
  const until = job.started_at ?? job.completed_at ?? new Date(now.value).toISOString();
  const from = job.run_at > job.created_at ? job.run_at : job.created_at;
  return between(from, until);
}

export function ran(job: Job): number | undefined {
  if (job.started_at === null) return undefined;
  if (job.completed_at !== null) return between(job.started_at, job.completed_at);
  return job.status === "running" ? now.value - Date.parse(job.started_at) : undefined;
}
