import type { JSX } from "preact";
import type { Api } from "../api-types.gen.ts";
import { ask, post } from "../lib/http.ts";
import { may } from "../lib/role.ts";
import { openForm } from "./form-dialog.tsx";
import { Table } from "./table.tsx";
import { Text } from "./text.tsx";
import { say } from "./toast.tsx";
import { Badge, JobLink, Time } from "./values.tsx";

type Delivery = Api["WebhookDelivery"];

const KINDS: Readonly<Record<string, string>> = { pending: "running", delivered: "good", failed: "bad" };

/** What was sent to an endpoint, or waits to be, with the last answer to each. */
export function DeliveryTable(props: {
  readonly rows: readonly Delivery[];
  readonly reload: () => void;
}): JSX.Element {
  return (
    <Table
      caption="Deliveries, newest first"
      rows={props.rows}
      keyOf={({ id }) => id}
      empty="Nothing was sent."
      columns={[
        { name: "Event", cell: ({ type }) => <code>{type}</code> },
        { name: "Status", cell: ({ status }) => <Badge kind={KINDS[status] ?? "grey"}>{status}</Badge> },
        { name: "Job", cell: ({ job_id }) => (job_id === null ? "–" : <JobLink id={job_id} />) },
        { name: "Tries", isFigure: true, cell: ({ tries }) => String(tries) },
        { name: "Last answer", cell: (delivery) => <LastAnswer delivery={delivery} /> },
        { name: "Next try", cell: ({ due_at }) => <Time time={due_at} /> },
        { name: "Created", cell: ({ created_at }) => <Time time={created_at} /> },
        {
          name: "What can be done",
          isUnnamed: true,
          cell: ({ id }) => (
            <>
              <button type="button" class="small" onClick={() => void show(id)}>
                Details
              </button>{" "}
              {may("operate") ? (
                <button type="button" class="small" onClick={() => void resend(id, props.reload)}>
                  Resend
                </button>
              ) : null}
            </>
          ),
        },
      ]}
    />
  );
}

function LastAnswer({ delivery }: { readonly delivery: Delivery }): JSX.Element {
  const answer = delivery.answers.at(-1);
  if (!answer) return <>–</>;
  if (answer.status === null) return <Text value={answer.error ?? "none"} />;
  return (
    <>
      {answer.status} <span class="quiet">in {answer.took_ms} ms</span>
    </>
  );
}

async function resend(id: string, reload: () => void): Promise<void> {
  try {
    await post<Delivery>(`/webhook-deliveries/${id}/resend`, {});
    say("It is sent once more.");
  } catch (error) {
    say(error instanceof Error ? error.message : String(error));
  }
  reload();
}

async function show(id: string): Promise<void> {
  const delivery = await ask<Api["ShownWebhookDelivery"]>(`/webhook-deliveries/${id}`).catch(
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  );
  if (typeof delivery === "string") return say(delivery);
  const { request, answers, url } = delivery;
  openForm({
    title: "What was sent, and what came back",
    explain: (
      <>
        <p>
          <code>webhook-id: {request?.webhook_id ?? "–"}</code>
        </p>
        {url === null ? null : (
          <p>
            To <Text value={url} />
          </p>
        )}
        <pre class="wide-text" tabIndex={0}>
          {request?.body ?? "The job was deleted because it was too old."}
        </pre>
        {answers.map((answer) => (
          <p key={answer.at}>
            <Time time={answer.at} />: {answer.status ?? <Text value={answer.error ?? "no answer"} />}{" "}
            <Text value={answer.body} />
          </p>
        ))}
      </>
    ),
    submit: "Close",
    run: () => Promise.resolve(undefined),
  });
}
