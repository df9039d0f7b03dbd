import type { JSX } from "preact";
import type { Api } from "../api-types.gen.ts";
import { apiPath } from "../lib/http.ts";
import { go, query, withQuery } from "../lib/place.ts";
import { may } from "../lib/role.ts";
import { useAnswer } from "../lib/use-answer.ts";
import { useJobTypes } from "../lib/use-job-types.ts";
import { askBulk } from "../ui/ask-bulk.tsx";
import { FailureTable } from "../ui/failure-table.tsx";
import { Answered, Page } from "../ui/page.tsx";
import { Pager } from "../ui/pager.tsx";
import { Select } from "../ui/select.tsx";

/** Why jobs fail, grouped: the same type, code and message but for what differs each time. */
export function FailuresPage(): JSX.Element {
  const values = query.value;
  const types = useJobTypes();
  const answer = useAnswer<Api["FailurePage"]>(
    apiPath("/failures", {
      job_type_id: values.get("job_type_id") ?? undefined,
      customer_id: values.get("customer_id") ?? undefined,
      since: values.get("since") ?? undefined,
      cursor: values.get("cursor") ?? undefined,
    }),
    5_000,
  );
  return (
    <Page title="Failures">
      <div class="filters" role="search" aria-label="Filter the failures">
        <Select
          label="Job type"
          value={values.get("job_type_id") ?? ""}
          options={[
            { value: "", label: "All types" },
            ...types.map(({ id, name }) => ({ value: id, label: name })),
          ]}
          onValue={(job_type_id) => go(withQuery({ job_type_id, cursor: undefined }))}
        />
      </div>
      <p class="quiet">
        {values.get("since") ? `Since ${values.get("since")}` : "The last 7 days"}, the newest first.
      </p>
      <Answered answer={answer}>
        {({ data, next_cursor }) => (
          <>
            <FailureTable
              groups={data}
              more={
                may("operate")
                  ? [
                      {
                        name: "All",
                        cell: ({ fingerprint }) => (
                          <button
                            type="button"
                            class="small"
                            onClick={() => void askBulk("retry", { fingerprint })}
                          >
                            Retry …
                          </button>
                        ),
                      },
                    ]
                  : []
              }
            />
            <Pager next={next_cursor} />
          </>
        )}
      </Answered>
    </Page>
  );
}
