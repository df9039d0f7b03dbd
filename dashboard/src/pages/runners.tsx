import type { JSX } from "preact";
import type { Api } from "../api-types.gen.ts";
import { ask, post } from "../lib/http.ts";
import { pageUrl } from "../lib/place.ts";
import { may } from "../lib/role.ts";
import { duration, now } from "../lib/time.ts";
import { useAnswer } from "../lib/use-answer.ts";
import { openForm } from "../ui/form-dialog.tsx";
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
              { name: "Running", isFigure: true, cell: ({ running }) => running },
              { name: "State", cell: (runner) => <State runner={runner} /> },
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
              {
                name: "Switch",
                cell: (runner) =>
                  may("operate") ? <DrainRunner runner={runner} reload={() => answer.reload()} /> : null,
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

type Runner = Api["Runner"];

function State({ runner }: { readonly runner: Runner }): JSX.Element {
  const { draining_at, running, exits_when_drained } = runner;
  if (draining_at === null) return <span class="quiet">takes jobs</span>;
  return (
    <>
      <Badge kind="warn">{running === 0 ? "drained" : "draining"}</Badge>{" "}
      <span class="quiet">{exits_when_drained ? "then ends" : "then waits"}</span>
    </>
  );
}

function DrainRunner(props: { readonly runner: Runner; readonly reload: () => void }): JSX.Element {
  const { runner, reload } = props;
  const resume = async (): Promise<string> => {
    await ask(`/runners/${runner.id}/resume`, { method: "POST" });
    reload();
    return "The runner takes jobs again";
  };
  const open = (): void => {
    openForm(
      runner.draining_at
        ? { title: "Let this runner take jobs again?", submit: "Resume", run: resume }
        : {
            title: "Drain this runner?",
            explain: (
              <p>
                It takes no more jobs and finishes what it has: {runner.running} jobs run now. Other runners
                go on. A supervisor may start a runner that ends anew, and that one takes jobs.
              </p>
            ),
            fields: [
              {
                name: "exit",
                label: "Then",
                kind: "select",
                options: [
                  { value: "no", label: "Wait until it is resumed" },
                  { value: "yes", label: "End the runner" },
                ],
                value: "no",
              },
            ],
            submit: "Drain",
            isDanger: true,
            run: async ({ exit }) => {
              await post(`/runners/${runner.id}/drain`, { exit: exit === "yes" });
              reload();
              return "The runner drains";
            },
          },
    );
  };
  return (
    <button type="button" class="small" onClick={open}>
      {runner.draining_at ? "Resume" : "Drain"}
    </button>
  );
}
