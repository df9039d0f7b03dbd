import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { Api } from "../api-types.gen.ts";
import type { BulkFilter } from "../lib/bulk.ts";
import { hiddenColumns } from "../lib/columns.ts";
import { apiPath } from "../lib/http.ts";
import { pageUrl, query, withQuery } from "../lib/place.ts";
import { isOperator, may } from "../lib/role.ts";
import { OF_THE_QUEUE, useAnswer } from "../lib/use-answer.ts";
import { useJobList, type Job } from "../lib/use-job-list.ts";
import { useJobTypes } from "../lib/use-job-types.ts";
import { BulkBar } from "../ui/bulk-bar.tsx";
import { ColumnChooser } from "../ui/column-chooser.tsx";
import { JobFilters } from "../ui/job-filters.tsx";
import { JobTable } from "../ui/job-table.tsx";
import { Answered, Page } from "../ui/page.tsx";
import { Pager } from "../ui/pager.tsx";
import { Tabs } from "../ui/tabs.tsx";

const STATUSES = ["", "pending", "running", "succeeded", "failed", "cancelled"] as const;
const COUNTS_EVERY_MS = 5_000;
const FILTERS = [
  "status",
  "job_type_id",
  "priority",
  "customer_id",
  "created_after",
  "fingerprint",
  "cursor",
] as const;

export function JobsPage(): JSX.Element {
  const values = query.value;
  const filter = Object.fromEntries(FILTERS.map((name) => [name, values.get(name) ?? undefined]));
  const types = useJobTypes();
  const list = useJobList(filter);
  const counts = useCounts(filter);
  const status = filter["status"] ?? "";
  const [ids, setIds] = useState<ReadonlySet<string>>(new Set());
  const toggle = (id: string): void => {
    const others = [...ids].filter((one) => one !== id);
    setIds(new Set(ids.has(id) ? others : [...others, id]));
  };
  const hasFilter = FILTERS.some((name) => name !== "cursor" && filter[name] !== undefined);
  return (
    <Page
      title="Jobs"
      actions={
        <>
          <ColumnChooser />
          <a class="button main" href={pageUrl("/new-job")}>
            New job
          </a>
        </>
      }
    >
      <Tabs
        label="Status"
        tabs={STATUSES.map((one) => ({
          label: one === "" ? "All" : capital(one),
          href: withQuery({ status: one, cursor: undefined }),
          isCurrent: one === status,
          count: one === "" ? undefined : counts[one],
        }))}
      />
      <JobFilters types={types} />
      <BulkBar selected={[...ids]} onClear={() => setIds(new Set())} filter={bulkFilter(filter)} />
      <div class="news">
        {list.news ? (
          <button type="button" onClick={list.showNews}>
            ↑ {list.news}
          </button>
        ) : null}
      </div>
      <Answered
        answer={
          list.rows.length > 0 && list.answer.data === undefined
            ? { ...list.answer, data: NONE }
            : list.answer
        }
      >
        {() => (
          <JobTable
            rows={list.rows}
            isStale={list.isStale}
            withCustomer={isOperator.value}
            hidden={hiddenColumns.value}
            {...(may("operate") ? { selection: { ids, toggle } } : {})}
            empty={
              hasFilter ? (
                <>
                  No job matches. <a href={pageUrl("/jobs")}>Show all</a>
                </>
              ) : (
                <>
                  No jobs yet. <a href={pageUrl("/new-job")}>Submit one</a>
                </>
              )
            }
          />
        )}
      </Answered>
      <Pager next={list.next} />
    </Page>
  );
}

/** How many jobs there are of each status, where nothing else narrows the list: "12", "1,000+". */
function useCounts({
  customer_id,
  job_type_id,
  ...others
}: Readonly<Record<string, string | undefined>>): Partial<Record<Job["status"], string>> {
  const isNarrow = ["priority", "created_after", "fingerprint"].some((name) => others[name] !== undefined);
  const path = isNarrow ? undefined : apiPath("/jobs/counts", { customer_id, job_type_id });
  const { data } = useAnswer<Api["JobCounts"]>(path, COUNTS_EVERY_MS, OF_THE_QUEUE);
  if (!data) return {};
  const shown = ({ jobs, more }: { readonly jobs: number; readonly more: boolean }): string =>
    jobs.toLocaleString("en") + (more ? "+" : "");
  return {
    pending: shown(data.pending),
    running: shown(data.running),
    succeeded: shown(data.succeeded),
    failed: shown(data.failed),
    cancelled: shown(data.cancelled),
  };
}

/** The rows are shown already; the answer that is under way will be of the same list. */
const NONE = { data: [], next_cursor: null };

function capital(word: string): string {
  return word.slice(0, 1).toUpperCase() + word.slice(1);
}

/** The same filter in the body of a request, where a priority is a number. */
function bulkFilter({
  cursor: _place,
  priority,
  ...same
}: Readonly<Record<string, string | undefined>>): BulkFilter {
  // The address says what a person typed: the API refuses what is no such value, and names it.
  return { ...same, ...(priority === undefined ? {} : { priority: Number(priority) }) } as BulkFilter;
}
