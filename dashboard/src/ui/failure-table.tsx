import type { JSX } from "preact";
import type { Api } from "../api-types.gen.ts";
import { money } from "../lib/money.ts";
import { pageUrl } from "../lib/place.ts";
import { isOperator } from "../lib/role.ts";
import { Table, type Column } from "./table.tsx";
import { Text } from "./text.tsx";
import { JobLink, JobTypeName, Time } from "./values.tsx";

type Group = Api["FailureGroup"];

/** Failures that are one and the same, counted. */
export function FailureTable(props: {
  readonly groups: readonly Group[];
  readonly more?: readonly Column<Group>[];
}): JSX.Element {
  return (
    <Table
      caption="Groups of failures, the newest first"
      rows={props.groups}
      keyOf={({ fingerprint }) => fingerprint}
      empty="No job failed."
      columns={[
        {
          name: "What happened",
          cell: ({ code, pattern, message }) => (
            <span class="wide-text" title={message.slice(0, 300)}>
              <code class="code">
                <Text value={code} />
              </code>{" "}
              <Text value={pattern} />
            </span>
          ),
        },
        { name: "Type", cell: ({ job_type_id }) => <JobTypeName id={job_type_id} /> },
        {
          name: "Jobs",
          isFigure: true,
          cell: ({ jobs, fingerprint }) => (
            <a href={pageUrl("/jobs", { status: "failed", fingerprint })}>{jobs.toLocaleString("en")}</a>
          ),
        },
        { name: "Attempts", isFigure: true, cell: ({ attempts }) => attempts.toLocaleString("en") },
        ...(isOperator.value
          ? [
              {
                name: "Customers",
                isFigure: true,
                cell: ({ customers }: Group) => customers.toLocaleString("en"),
              },
            ]
          : []),
        {
          name: "Released",
          isFigure: true,
          cell: ({ released }) =>
            released.map(({ cents, currency }) => money(cents, currency)).join(", ") || "nothing",
        },
        { name: "First", cell: ({ first_seen_at }) => <Time time={first_seen_at} /> },
        { name: "Last", cell: ({ last_seen_at }) => <Time time={last_seen_at} /> },
        { name: "Newest job", cell: ({ sample_job_id }) => <JobLink id={sample_job_id} /> },
        ...(props.more ?? []),
      ]}
    />
  );
}
