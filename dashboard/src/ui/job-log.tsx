import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { Api } from "../api-types.gen.ts";
import { apiPath } from "../lib/http.ts";
import { exactTime } from "../lib/time.ts";
import { useAnswer } from "../lib/use-answer.ts";
import type { Job } from "../lib/use-job-list.ts";
import { Card } from "./page.tsx";
import { Text } from "./text.tsx";

type Line = Api["LogLine"];

const PAGE = 200;
const LIVE_MS = 1_000;
/** Characters of one line that are shown: a line may be as long as all that an attempt may log. */
const CHARACTERS_MAX = 2_000;

/** How far the job is, and what its attempts logged: the last lines stay in sight while it runs. */
export function JobLog({ job }: { readonly job: Job }): JSX.Element | null {
  const lines = useLog(job.id, job.completed_at === null && job.attempt > 0);
  const box = useRef<HTMLDivElement>(null);
  const isAtEnd = useRef(true);
  useEffect(() => {
    const element = box.current;
    if (element && isAtEnd.current) element.scrollTop = element.scrollHeight;
  }, [lines.length]);
  const { progress } = job;
  if (!progress && lines.length === 0) return null;
  return (
    <Card title="Progress and log">
      {progress ? <Progress progress={progress} isOpen={job.status === "running"} /> : null}
      {lines.length === 0 ? null : (
        <div
          ref={box}
          class="log"
          role="region"
          aria-label="Log"
          tabIndex={0}
          onScroll={({ currentTarget: { scrollTop, scrollHeight, clientHeight } }) => {
            isAtEnd.current = scrollHeight - scrollTop - clientHeight < 20;
          }}
        >
          <ol>
            {lines.map((line, index) => (
              <li key={index} class={line.level}>
                <time class="quiet" dateTime={line.at} title={exactTime(line.at)}>
                  {line.at.slice(11, 23)}
                </time>{" "}
                <span class="quiet">#{line.attempt}</span> <span class="level">{line.level}</span>{" "}
                <Text value={line.message.slice(0, CHARACTERS_MAX)} />
                {line.message.length > CHARACTERS_MAX ? (
                  <span class="quiet"> … {line.message.length - CHARACTERS_MAX} more characters</span>
                ) : null}
              </li>
            ))}
          </ol>
        </div>
      )}
    </Card>
  );
}

function Progress(props: {
  readonly progress: NonNullable<Job["progress"]>;
  readonly isOpen: boolean;
}): JSX.Element {
  const { fraction, message } = props.progress;
  const percent = `${Math.round(fraction * 100)} %`;
  return (
    <p class="progress">
      <progress value={fraction} max={1} aria-label={props.isOpen ? "Progress" : "Progress when it ended"}>
        {percent}
      </progress>{" "}
      {percent} {message === null ? null : <Text value={message.slice(0, CHARACTERS_MAX)} />}
    </p>
  );
}

/** All lines, page by page; the last page is asked for again while there may be more. */
function useLog(id: string, isOpen: boolean): readonly Line[] {
  const [before, setBefore] = useState<readonly Line[]>([]);
  const [cursor, setCursor] = useState<string | undefined>(undefined);
  const path = apiPath(`/jobs/${encodeURIComponent(id)}/logs`, { limit: PAGE, cursor });
  const { data } = useAnswer<Api["LogPage"]>(path, isOpen ? LIVE_MS : 0, { of: id });
  useEffect(() => {
    if (!data?.next_cursor) return;
    setBefore([...before, ...data.data]);
    setCursor(data.next_cursor);
  }, [data]);
  const isLastPage = data && data.next_cursor === null;
  return isLastPage ? [...before, ...data.data] : before;
}
