import type { JSX } from "preact";
import type { Api } from "../api-types.gen.ts";
import { apiPath } from "../lib/http.ts";
import { go, pageUrl, query, withQuery } from "../lib/place.ts";
import { useAnswer } from "../lib/use-answer.ts";
import { JsonView } from "../ui/json-view.tsx";
import { Answered, Page } from "../ui/page.tsx";
import { Pager } from "../ui/pager.tsx";
import { Select } from "../ui/select.tsx";
import { Table } from "../ui/table.tsx";
import { Text } from "../ui/text.tsx";
import { shortId, Time } from "../ui/values.tsx";

type Action = Api["OperatorAction"];

/** The pages of what was acted on. */
const PLACES: Readonly<Record<string, string>> = {
  customer: "/customers",
  job: "/jobs",
  job_type: "/job-types",
};
const TARGETS = ["customer", "job", "job_type", "queue", "operator", "bulk_action"] as const;

/** Who did what, to what, from where, and what it was before and after. Nothing in it can be changed. */
export function AuditLogPage(): JSX.Element {
  const values = query.value;
  const answer = useAnswer<Api["OperatorActionPage"]>(
    apiPath("/operator-actions", {
      operator_name: values.get("operator_name") ?? undefined,
      target_type: values.get("target_type") ?? undefined,
      target_id: values.get("target_id") ?? undefined,
      cursor: values.get("cursor") ?? undefined,
    }),
    5_000,
  );
  return (
    <Page title="Audit log">
      <div class="filters" role="search" aria-label="Filter the actions">
        <Select
          label="What was acted on"
          value={values.get("target_type") ?? ""}
          options={[
            { value: "", label: "Everything" },
            ...TARGETS.map((target) => ({ value: target, label: target.replaceAll("_", " ") })),
          ]}
          onValue={(target_type) => go(withQuery({ target_type, cursor: undefined }))}
        />
        {values.get("operator_name") ? (
          <a class="button" href={withQuery({ operator_name: undefined, cursor: undefined })}>
            Only <Text value={values.get("operator_name") ?? ""} />: show all
          </a>
        ) : null}
      </div>
      <Answered answer={answer}>
        {({ data, next_cursor }) => (
          <>
            <Table
              caption="What operators did, newest first"
              rows={data}
              keyOf={({ id }) => id}
              empty="Nothing was done yet."
              columns={[
                { name: "When", cell: ({ at }) => <Time time={at} /> },
                {
                  name: "Who",
                  cell: ({ operator_name }) => (
                    <a href={withQuery({ operator_name, cursor: undefined })}>
                      <Text value={operator_name} />
                    </a>
                  ),
                },
                { name: "Did", cell: ({ action }) => <code>{action}</code> },
                { name: "To", cell: (action) => <Target action={action} /> },
                { name: "From", cell: ({ address }) => <Text value={address} /> },
                { name: "Before and after", cell: (action) => <Difference action={action} /> },
              ]}
            />
            <Pager next={next_cursor} />
          </>
        )}
      </Answered>
    </Page>
  );
}

function Target({ action: { target_type, target_id } }: { readonly action: Action }): JSX.Element {
  const place = PLACES[target_type];
  const words = `${target_type.replaceAll("_", " ")} ${target_id === null ? "" : shortId(target_id)}`;
  return place && target_id ? (
    <a href={pageUrl(`${place}/${target_id}`)} title={target_id}>
      {words}
    </a>
  ) : (
    <Text value={words} />
  );
}

function Difference({ action: { before, after } }: { readonly action: Action }): JSX.Element {
  if (before === null && after === null) return <>–</>;
  return (
    <details>
      <summary>Show</summary>
      {before === null ? null : <JsonView label="Before" value={before} />}
      {after === null ? null : <JsonView label="After" value={after} />}
    </details>
  );
}
