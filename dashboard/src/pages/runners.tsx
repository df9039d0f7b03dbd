import type { JSX } from "preact";
import type { Api } from "../api-types.gen.ts";
import { pageUrl } from "../lib/place.ts";
import { duration, now } from "../lib/time.ts";
import { useAnswer } from "../lib/use-answer.ts";
import { Answered, Page } from "../ui/page.tsx";
import { Table } from "../ui/table.tsx";
import { Text } from "../ui/text.tsx";
import { Badge, priorityName, shortId, Time } from "../ui/values.tsx";

/** Older than this, a heartbeat is worth a look: one is due each second. */
const LATE_MS = 3_000;

export function RunnersPage(): JSX.Element {
  const answer = useAnswer<Api["RunnerPage"]>("/runners?limit=200");
  return (
    <Page title="Runners">
      <Answered answer={answer}>
        {({ data }) => (
          <Table
            caption="Runners that are alive, now"
            rows={data}
            keyOf={({ id }) => id}
            empty={
              <>
                No runner is alive, so no job starts. <code>npm run runner</code> starts one.{" "}
                <a href={pageUrl("/queue")}>What waits</a>
              </>
            }
            columns={[
              { name: "Runner", cell: ({ id }) => <code title={id}>{shortId(id)}</code> },
              { name: "Host", cell: ({ host }) => <Text value={host} /> },
              { name: "Version", cell: ({ version }) => <Text value={version} /> },
              { name: "Slots", isFigure: true, cell: ({ slots }) => slots },
              { name: "Heartbeat", cell: ({ heartbeat_at }) => <Heartbeat at={heartbeat_at} /> },
              { name: "Started", cell: ({ started_at }) => <Time time={started_at} /> },
              {
                name: "Processors",
                cell: ({ processor_ids }) => (
                  <span class="wide-text">
                    {processor_ids === null ? "all" : <Text value={processor_ids.join(", ")} />}
                  </span>
                ),
              },
              {
                name: "Only",
                cell: ({ restricted_to, priorities }) => (
                  <span class="wide-text">
                    <Text
                      value={
                        [...(restricted_to ?? []), ...(priorities ?? []).map(priorityName)].join(", ") ||
                        "no restriction"
                      }
                    />
                  </span>
                ),
              },
            ]}
          />
        )}
      </Answered>
    </Page>
  );
}

function Heartbeat({ at }: { readonly at: string }): JSX.Element {
  const age_ms = Math.max(0, now.value - Date.parse(at));
  return age_ms > LATE_MS ? (
    <Badge kind="warn">{`${duration(age_ms)} ago`}</Badge>
  ) : (
    <span title={at}>{duration(age_ms)} ago</span>
  );
}
