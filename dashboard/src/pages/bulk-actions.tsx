import type { JSX } from "preact";
import type { Api } from "../api-types.gen.ts";
import type { BulkAction } from "../lib/bulk.ts";
import { apiPath, ask } from "../lib/http.ts";
import { pageUrl, query } from "../lib/place.ts";
import { may } from "../lib/role.ts";
import { useAnswer } from "../lib/use-answer.ts";
import { BulkEffect, FilterWords } from "../ui/bulk-effect.tsx";
import { openForm } from "../ui/form-dialog.tsx";
import { Answered, Card, Facts, Page } from "../ui/page.tsx";
import { Pager } from "../ui/pager.tsx";
import { Table } from "../ui/table.tsx";
import { Badge, CustomerLink, shortId, Time } from "../ui/values.tsx";

const KINDS: Readonly<Record<string, string>> = { running: "running", done: "good", stopped: "warn" };

/** What was done to many jobs at once. Counts of what it would do are left out. */
export function BulkActionsPage(): JSX.Element {
  const answer = useAnswer<Api["BulkActionPage"]>(
    apiPath("/bulk-actions", { cursor: query.value.get("cursor") ?? undefined }),
  );
  return (
    <Page title="Bulk actions">
      <Answered answer={answer}>
        {({ data, next_cursor }) => (
          <>
            <Table
              caption="Bulk actions, newest first"
              rows={data.filter(({ status }) => status !== "preview")}
              keyOf={({ id }) => id}
              empty="None yet. Choose jobs in a list, or a group of failures, and act on all of them."
              columns={[
                {
                  name: "Bulk action",
                  cell: ({ id, action }) => (
                    <a href={pageUrl(`/bulk-actions/${id}`)}>
                      {action} <code>{shortId(id)}</code>
                    </a>
                  ),
                },
                {
                  name: "Status",
                  cell: ({ status }) => <Badge kind={KINDS[status] ?? "grey"}>{status}</Badge>,
                },
                {
                  name: "Jobs",
                  cell: ({ filter }) => (
                    <span class="wide-text">
                      <FilterWords filter={filter} />
                    </span>
                  ),
                },
                { name: "Done", isFigure: true, cell: ({ jobs }) => jobs.toLocaleString("en") },
                { name: "Begun", cell: ({ created_at }) => <Time time={created_at} /> },
              ]}
            />
            <Pager next={next_cursor} />
          </>
        )}
      </Answered>
    </Page>
  );
}

export function BulkActionPage({ id }: { readonly id: string }): JSX.Element {
  const answer = useAnswer<BulkAction>(`/bulk-actions/${encodeURIComponent(id)}`, 1_000);
  const { data, reload } = answer;
  const stop = (): void => {
    openForm({
      title: "Stop it?",
      explain: <p>What it has done stays. No further job is touched.</p>,
      submit: "Stop",
      isDanger: true,
      run: async () => {
        await ask(`/bulk-actions/${id}/stop`, { method: "POST" });
        reload();
        return "Stopped";
      },
    });
  };
  return (
    <Page
      title={data ? `Bulk ${data.action}` : "Bulk action"}
      heading={
        data ? (
          <>
            Bulk {data.action} <Badge kind={KINDS[data.status] ?? "grey"}>{data.status}</Badge>
          </>
        ) : (
          "Bulk action"
        )
      }
      actions={
        data?.status === "running" && may("operate") ? (
          <button type="button" onClick={stop}>
            Stop
          </button>
        ) : null
      }
    >
      <Answered answer={answer}>
        {(action) => (
          <>
            <Card title="How far it is">
              <p class="progress">
                <progress
                  value={action.ended_at ? 1 : action.seen}
                  max={action.ended_at ? 1 : Math.max(action.expected.matched, action.seen, 1)}
                  aria-label="Progress"
                />{" "}
                {action.seen.toLocaleString("en")} of {action.expected.matched.toLocaleString("en")}
                {action.expected.is_capped ? " or more" : ""} looked at
              </p>
              <BulkEffect action={action.action} effect={action} />
            </Card>
            <div class="columns">
              <Card title="What was expected">
                <BulkEffect action={action.action} effect={action.expected} />
              </Card>
              <Card title="Which jobs">
                <Facts
                  facts={[
                    ["With", <FilterWords filter={action.filter} />],
                    [
                      "Asked by",
                      action.owner_id === null ? "an operator" : <CustomerLink id={action.owner_id} />,
                    ],
                    ["Begun", <Time time={action.created_at} />],
                    ["Ended", <Time time={action.ended_at} />],
                  ]}
                />
              </Card>
            </div>
          </>
        )}
      </Answered>
    </Page>
  );
}
