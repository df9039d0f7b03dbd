import type { JSX } from "preact";
import type { Api } from "../api-types.gen.ts";
import { apiPath } from "../lib/http.ts";
import { pageUrl, query, withQuery } from "../lib/place.ts";
import { isOperator, may, ownCustomer } from "../lib/role.ts";
import { useAnswer } from "../lib/use-answer.ts";
import { CopyId } from "../ui/copy-id.tsx";
import { DeliveryTable } from "../ui/delivery-table.tsx";
import { Answered, Card, Facts, Page } from "../ui/page.tsx";
import { Pager } from "../ui/pager.tsx";
import { Table } from "../ui/table.tsx";
import { Tabs } from "../ui/tabs.tsx";
import { Text } from "../ui/text.tsx";
import { Badge, CustomerLink, Time } from "../ui/values.tsx";
import {
  createEndpoint,
  deleteEndpoint,
  changePayload,
  replayEndpoint,
  rotateJobSecret,
  rotateSecret,
  switchEndpoint,
  testEndpoint,
} from "../ui/webhook-forms.tsx";

type Endpoint = Api["WebhookEndpoint"];

/** A customer decides about their own endpoints; of operators, those who administer. */
const mayChange = (): boolean => !isOperator.value || may("administer");

/** Where events are sent to, and how that goes. */
export function WebhooksPage(): JSX.Element {
  const kind = query.value.get("kind") === "one_off" ? "one_off" : "lasting";
  const path = apiPath("/webhook-endpoints", { kind, cursor: query.value.get("cursor") ?? undefined });
  const answer = useAnswer<Api["WebhookEndpointPage"]>(path, 5_000);
  return (
    <Page title="Webhooks" actions={mayChange() ? <NewOne kind={kind} reload={answer.reload} /> : null}>
      <Tabs
        label="Kind of the endpoints"
        tabs={KINDS.map(([one, label]) => ({
          label,
          href: withQuery({ kind: one === "lasting" ? undefined : one, cursor: undefined }),
          isCurrent: one === kind,
        }))}
      />
      <Answered answer={answer}>
        {({ data, next_cursor }) => (
          <>
            <Table
              caption="Webhook endpoints, newest first"
              rows={data}
              keyOf={({ id }) => id}
              empty={
                kind === "lasting"
                  ? "No endpoints yet: create one, and your own program is told when a job ends."
                  : "No job has brought a webhook with it: submit one with `webhook`, and that address is told."
              }
              columns={[
                {
                  name: "Address",
                  cell: ({ id, url }) => (
                    <a href={pageUrl(`/webhooks/${id}`)}>
                      <Text value={url} />
                    </a>
                  ),
                },
                { name: "State", cell: (endpoint) => <State endpoint={endpoint} /> },
                {
                  name: "Events",
                  cell: ({ events }) => (
                    <span class="wide-text">{events.join(", ") || "as each job says"}</span>
                  ),
                },
                ...(isOperator.value
                  ? [
                      {
                        name: "Of",
                        cell: ({ customer_id }: Endpoint) =>
                          customer_id === null ? "all customers" : <CustomerLink id={customer_id} />,
                      },
                    ]
                  : []),
                {
                  name: "Waiting",
                  isFigure: true,
                  cell: ({ waiting_events }) => waiting_events.toLocaleString("en"),
                },
                { name: "Last delivered", cell: ({ delivered_at }) => <Time time={delivered_at} /> },
              ]}
            />
            <Pager next={next_cursor} />
          </>
        )}
      </Answered>
    </Page>
  );
}

const KINDS = [
  ["lasting", "Endpoints"],
  ["one_off", "Of single jobs"],
] as const;

function NewOne({
  kind,
  reload,
}: {
  readonly kind: Endpoint["kind"];
  readonly reload: () => void;
}): JSX.Element | null {
  if (kind === "lasting")
    return (
      <button type="button" class="main" onClick={() => createEndpoint(reload)}>
        New endpoint
      </button>
    );
  const id = ownCustomer.value?.id;
  return id === undefined ? null : (
    <button type="button" onClick={() => rotateJobSecret(id)}>
      New secret
    </button>
  );
}

const STATUSES = ["pending", "delivered", "failed"] as const;

/** One endpoint, what can be done about it, and the log of what was sent. */
export function WebhookPage({ id }: { readonly id: string }): JSX.Element {
  const path = `/webhook-endpoints/${encodeURIComponent(id)}`;
  const answer = useAnswer<Endpoint>(path, 3_000);
  const status = STATUSES.find((one) => one === query.value.get("status"));
  const list = apiPath(`${path}/deliveries`, { status, cursor: query.value.get("cursor") ?? undefined });
  const deliveries = useAnswer<Api["WebhookDeliveryPage"]>(list, 3_000);
  const reload = (): void => {
    answer.reload();
    deliveries.reload();
  };
  return (
    <Page
      title={answer.data?.kind === "one_off" ? "Webhooks of single jobs" : "Webhook endpoint"}
      actions={answer.data ? <Actions endpoint={answer.data} reload={reload} /> : null}
    >
      <Answered answer={answer}>
        {(endpoint) => (
          <>
            {endpoint.disabled_reason === "gone" || endpoint.disabled_reason === "failing" ? (
              <p class="notice" role="status">
                {endpoint.disabled_reason === "gone"
                  ? "It answered 410, which means that it is gone. It gets no new events."
                  : "Nothing could be delivered for five days. It gets no new events."}{" "}
                What waits for it is sent when it is enabled again.
              </p>
            ) : null}
            <Card title="How it fares">
              <Facts
                facts={[
                  ["Address", <Text value={endpoint.url} />],
                  ["State", <State endpoint={endpoint} />],
                  ["Events", endpoint.events.join(", ") || "as each job says"],
                  ["Payload", endpoint.payload],
                  [
                    "Of",
                    endpoint.customer_id === null ? (
                      "all customers"
                    ) : isOperator.value ? (
                      <CustomerLink id={endpoint.customer_id} />
                    ) : (
                      "you"
                    ),
                  ],
                  [
                    "Description",
                    endpoint.description === null ? "–" : <Text value={endpoint.description} />,
                  ],
                  ["Failing since", <Time time={endpoint.failing_since} />],
                  ["Paused until", <Time time={endpoint.paused_until} />],
                  ["Last delivered", <Time time={endpoint.delivered_at} />],
                  ["Waiting behind its deliveries", endpoint.waiting_events.toLocaleString("en")],
                  ["Id", <CopyId id={endpoint.id} />],
                ]}
              />
            </Card>
            <Card title="Deliveries">
              <Tabs
                label="Status of the deliveries"
                tabs={[undefined, ...STATUSES].map((one) => ({
                  label: one ?? "all",
                  href: withQuery({ status: one, cursor: undefined }),
                  isCurrent: status === one,
                }))}
              />
              <Answered answer={deliveries}>
                {({ data, next_cursor }) => (
                  <>
                    <DeliveryTable rows={data} reload={reload} />
                    <Pager next={next_cursor} />
                  </>
                )}
              </Answered>
            </Card>
          </>
        )}
      </Answered>
    </Page>
  );
}

function Actions({
  endpoint,
  reload,
}: {
  readonly endpoint: Endpoint;
  readonly reload: () => void;
}): JSX.Element {
  const { customer_id } = endpoint;
  const isOneOff = endpoint.kind === "one_off";
  return (
    <>
      {may("operate") ? (
        <>
          {isOneOff ? null : (
            <button type="button" onClick={() => testEndpoint(endpoint, reload)}>
              Send a test
            </button>
          )}
          <button type="button" onClick={() => replayEndpoint(endpoint, reload)}>
            Send failed again
          </button>
        </>
      ) : null}
      {mayChange() ? (
        <>
          <button
            type="button"
            onClick={() =>
              isOneOff && customer_id !== null ? rotateJobSecret(customer_id) : rotateSecret(endpoint)
            }
          >
            New secret
          </button>
          <button type="button" onClick={() => changePayload(endpoint, reload)}>
            Payload
          </button>
          {isOneOff ? null : (
            <button type="button" onClick={() => switchEndpoint(endpoint, reload)}>
              {endpoint.disabled_at === null ? "Disable" : "Enable"}
            </button>
          )}
          <button type="button" onClick={() => deleteEndpoint(endpoint)}>
            Delete
          </button>
        </>
      ) : null}
    </>
  );
}

function State({ endpoint }: { readonly endpoint: Endpoint }): JSX.Element {
  if (endpoint.disabled_reason !== null)
    return <Badge kind={endpoint.disabled_reason === "by_hand" ? "grey" : "bad"}>disabled</Badge>;
  if (endpoint.failures > 0) return <Badge kind="warn">failing</Badge>;
  return <Badge kind="good">ok</Badge>;
}
