import type { JSX } from "preact";
import type { Api } from "../api-types.gen.ts";
import { apiPath, post } from "../lib/http.ts";
import { parseMoney } from "../lib/money.ts";
import { go, pageUrl, query } from "../lib/place.ts";
import { may } from "../lib/role.ts";
import { useAnswer } from "../lib/use-answer.ts";
import { openForm } from "../ui/form-dialog.tsx";
import { Answered, Page } from "../ui/page.tsx";
import { Pager } from "../ui/pager.tsx";
import { Table } from "../ui/table.tsx";
import { Text } from "../ui/text.tsx";
import { TypeState } from "../ui/type-queues.tsx";
import { Money, Time } from "../ui/values.tsx";

type JobType = Api["JobType"];

export function JobTypesPage(): JSX.Element {
  const answer = useAnswer<{ readonly data: readonly JobType[]; readonly next_cursor: string | null }>(
    apiPath("/job-types", { cursor: query.value.get("cursor") ?? undefined }),
    5_000,
  );
  return (
    <Page
      title="Job types"
      actions={
        may("administer") ? (
          <button type="button" class="main" onClick={createJobType}>
            New job type
          </button>
        ) : null
      }
    >
      <Answered answer={answer}>
        {({ data, next_cursor }) => (
          <>
            <Table
              caption="Job types, newest first"
              rows={data}
              keyOf={({ id }) => id}
              empty="No job types yet."
              columns={[
                {
                  name: "Name",
                  cell: ({ id, name }) => (
                    <a class="name" href={pageUrl(`/job-types/${id}`)}>
                      <Text value={name} />
                    </a>
                  ),
                },
                { name: "Processor", cell: ({ processing_logic_id }) => <code>{processing_logic_id}</code> },
                {
                  name: "Standard price",
                  isFigure: true,
                  cell: ({ standard_cost_cents, currency }) => (
                    <Money cents={standard_cost_cents} currency={currency} />
                  ),
                },
                { name: "State", cell: (type) => <TypeState type={type} waiting={0} /> },
                { name: "Attempts", isFigure: true, cell: ({ max_attempts }) => max_attempts },
                { name: "Timeout", isFigure: true, cell: ({ timeout_seconds }) => `${timeout_seconds} s` },
                {
                  name: "Runs at once",
                  isFigure: true,
                  cell: ({ running_limit }) => running_limit ?? "no limit",
                },
                { name: "Since", cell: ({ created_at }) => <Time time={created_at} /> },
              ]}
            />
            <Pager next={next_cursor} />
          </>
        )}
      </Answered>
    </Page>
  );
}

function createJobType(): void {
  openForm({
    title: "New job type",
    fields: [
      { name: "name", label: "Name", isRequired: true },
      {
        name: "processing_logic_id",
        label: "Processor",
        isRequired: true,
        hint: "The id of the processor that runs its jobs, such as text.statistics.",
      },
      {
        name: "standard_cost_cents",
        label: "Standard price",
        kind: "number",
        isRequired: true,
        hint: "The most that one job costs.",
      },
      { name: "currency", label: "Currency", value: "EUR", isRequired: true },
    ],
    submit: "Create",
    run: async ({ name, processing_logic_id, standard_cost_cents = "", currency = "" }) => {
      const cents = parseMoney(standard_cost_cents, currency);
      if (cents === undefined) throw new Error(`The price must be a number of ${currency}, such as 0.05.`);
      const { id } = await post<JobType>("/job-types", {
        name,
        processing_logic_id,
        standard_cost_cents: cents,
        currency,
      });
      go(pageUrl(`/job-types/${id}`));
      return "Job type created";
    },
  });
}
