import type { JSX } from "preact";
import type { Api } from "../api-types.gen.ts";
import { ask } from "../lib/http.ts";
import { editableMoney, parseMoney } from "../lib/money.ts";
import { pageUrl } from "../lib/place.ts";
import { may } from "../lib/role.ts";
import { useAnswer } from "../lib/use-answer.ts";
import { CopyId } from "../ui/copy-id.tsx";
import { openForm } from "../ui/form-dialog.tsx";
import { JsonView } from "../ui/json-view.tsx";
import { Answered, Card, Facts, Page } from "../ui/page.tsx";
import { Table } from "../ui/table.tsx";
import { Text } from "../ui/text.tsx";
import { TypeState } from "../ui/type-queues.tsx";
import { CustomerLink, Money, Time } from "../ui/values.tsx";

type JobType = Api["JobType"];

/** What a job type costs and did cost, what it takes, and how it runs. */
export function JobTypePage({ id }: { readonly id: string }): JSX.Element {
  const path = `/job-types/${encodeURIComponent(id)}`;
  const answer = useAnswer<JobType>(path, 5_000);
  const prices = useAnswer<Api["PriceHistoryPage"]>(`${path}/prices`, 5_000);
  const { data } = answer;
  const reload = (): void => {
    answer.reload();
    prices.reload();
  };
  return (
    <Page
      title={data?.name ?? "Job type"}
      heading={data ? <Text value={data.name} /> : "Job type"}
      actions={
        data ? (
          <>
            <a class="button" href={pageUrl("/jobs", { job_type_id: id })}>
              Jobs
            </a>
            <a class="button" href={pageUrl("/new-job", { job_type_id: id })}>
              New job
            </a>
            {may("administer") ? (
              <button type="button" onClick={() => changeJobType(data, reload)}>
                Change
              </button>
            ) : null}
          </>
        ) : null
      }
    >
      <Answered answer={answer}>
        {(type) => (
          <>
            <Card title="How it runs">
              <Facts
                facts={[
                  ["Id", <CopyId id={type.id} />],
                  ["State", <TypeState type={type} waiting={0} />],
                  ["Processor", <code>{type.processing_logic_id}</code>],
                  ["Standard price", <Money cents={type.standard_cost_cents} currency={type.currency} />],
                  ["Attempts", `${type.max_attempts} at most`],
                  ["Timeout", `${type.timeout_seconds} s for an attempt`],
                  ["Runs at once", type.running_limit ?? "no limit"],
                ]}
              />
            </Card>
            <Card title="Prices">
              <Answered answer={prices}>
                {({ data: history }) => (
                  <Table
                    caption="All prices, newest first"
                    rows={history}
                    keyOf={(price) => `${price.valid_from} ${price.customer_id}`}
                    columns={[
                      { name: "From", cell: ({ valid_from }) => <Time time={valid_from} /> },
                      {
                        name: "For",
                        cell: ({ customer_id }) =>
                          customer_id ? <CustomerLink id={customer_id} /> : "everybody",
                      },
                      {
                        name: "Price",
                        isFigure: true,
                        cell: ({ cost_cents, currency }) =>
                          cost_cents === null ? (
                            "standard again"
                          ) : (
                            <Money cents={cost_cents} currency={currency} />
                          ),
                      },
                    ]}
                  />
                )}
              </Answered>
            </Card>
            <Card title="Input schema">
              {type.input_schema || type.processor_input_schema ? (
                <JsonView label="Input schema" value={type.input_schema ?? type.processor_input_schema} />
              ) : (
                <p class="empty">It takes any JSON.</p>
              )}
            </Card>
          </>
        )}
      </Answered>
    </Page>
  );
}

function changeJobType(type: JobType, reload: () => void): void {
  const { currency } = type;
  openForm({
    title: "Change the job type",
    explain: (
      <p>
        A new price holds for jobs that are submitted from now on. Jobs keep the price of their submission.
      </p>
    ),
    fields: [
      { name: "name", label: "Name", value: type.name, isRequired: true },
      {
        name: "standard_cost_cents",
        label: `Standard price in ${currency}`,
        kind: "number",
        value: editableMoney(type.standard_cost_cents, currency),
        isRequired: true,
      },
      {
        name: "enabled",
        label: "New jobs",
        kind: "select",
        value: String(type.enabled),
        options: [
          { value: "true", label: "Accepted" },
          { value: "false", label: "Refused" },
        ],
      },
      {
        name: "max_attempts",
        label: "Attempts at most",
        kind: "number",
        value: String(type.max_attempts),
        isRequired: true,
      },
      {
        name: "timeout_seconds",
        label: "Timeout in seconds",
        kind: "number",
        value: String(type.timeout_seconds),
        isRequired: true,
      },
      {
        name: "running_limit",
        label: "Jobs that may run at once",
        kind: "number",
        value: String(type.running_limit ?? ""),
        hint: "Empty: no limit.",
      },
    ],
    submit: "Change",
    run: async ({
      name,
      standard_cost_cents = "",
      enabled,
      max_attempts,
      timeout_seconds,
      running_limit,
    }) => {
      const cents = parseMoney(standard_cost_cents, currency);
      if (cents === undefined) throw new Error(`The price must be a number of ${currency}.`);
      await ask(`/job-types/${type.id}`, {
        method: "PATCH",
        body: {
          name,
          standard_cost_cents: cents,
          enabled: enabled === "true",
          max_attempts: Number(max_attempts),
          timeout_seconds: Number(timeout_seconds),
          running_limit: running_limit ? Number(running_limit) : null,
        },
      });
      reload();
      return "Changed";
    },
  });
}
