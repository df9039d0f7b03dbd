import { useEffect, useRef, useState } from "preact/hooks";
import type { Api } from "../api-types.gen.ts";
import { apiPath } from "./http.ts";
import { OF_JOBS, useAnswer, type Live } from "./use-answer.ts";

export type Job = Api["Job"];
type JobList = Api["JobPage"];

const ROWS = 50;
/** Once there are new rows, one request asks for more: the shown rows below them are still kept up to date. */
const ROWS_WITH_NEWS = 100;

interface ShownPage {
  readonly key: string;
  readonly rows: readonly Job[];
  readonly next: string | null;
}

interface ShownJobs {
  readonly answer: Live<JobList>;
  readonly rows: readonly Job[];
  /** A row that no longer matches, or is too far down to be asked for: it is shown as it was. */
  readonly isStale: (job: Job) => boolean;
  readonly next: string | null;
  /** How many have come since: they are shown when asked for. */
  readonly news: string;
  readonly showNews: () => void;
}

/**
 * A page of a list of jobs whose rows stay where they are: what changes in a row is shown in it, and what is
 * new waits until it is asked for.
 */
export function useJobList(filter: Readonly<Record<string, string | undefined>>): ShownJobs {
  const key = JSON.stringify(filter);
  const [limit, setLimit] = useState(ROWS);
  const [shown, setShown] = useState<ShownPage | undefined>(undefined);
  const isRenewing = useRef(false);
  const latest = useRef<{ readonly key: string; readonly data: readonly Job[] } | undefined>(undefined);

  const answer = useAnswer<JobList>(apiPath("/jobs", { ...filter, limit }), undefined, OF_JOBS);
  const { data } = answer;
  if (data) latest.current = { key, data: data.data };
  useEffect(() => {
    if (!data) return;
    setShown((before) => {
      const isShown = before?.key === key && before.rows.length > 0;
      // Only an answer of a page's length has the cursor of the next page.
      if (isShown && !(isRenewing.current && limit === ROWS)) return before;
      isRenewing.current = false;
      return { key, rows: data.data, next: data.next_cursor };
    });
  }, [key, data, limit]);

  const mine = shown?.key === key ? shown : undefined;
  const current = latest.current?.key === key ? latest.current.data : [];
  const byId = new Map(current.map((job) => [job.id, job]));
  const top = mine?.rows[0]?.id;
  const isFirstPage = filter["cursor"] === undefined;
  // Ids grow with time.
  const fresh = top === undefined || !isFirstPage ? [] : current.filter(({ id }) => id > top);
  const wanted = fresh.length === 0 || isRenewing.current ? ROWS : ROWS_WITH_NEWS;
  useEffect(() => setLimit(wanted), [wanted, key]);

  return {
    answer,
    rows: (mine?.rows ?? []).map((job) => byId.get(job.id) ?? job),
    isStale: (job) => current.length > 0 && !byId.has(job.id),
    next: mine?.next ?? null,
    news: fresh.length === 0 ? "" : `${fresh.length}${fresh.length >= ROWS_WITH_NEWS ? "+" : ""} new`,
    showNews: () => {
      isRenewing.current = true;
      setLimit(ROWS);
      if (limit === ROWS) answer.reload();
      scrollTo(0, 0);
    },
  };
}
