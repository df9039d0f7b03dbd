import type { JSX } from "preact";
import type { Api } from "../api-types.gen.ts";
import { apiPath } from "../lib/http.ts";
import { query } from "../lib/place.ts";
import { saveCsv } from "../lib/save-csv.ts";
import { useAnswer } from "../lib/use-answer.ts";
import { EntryTable } from "./entry-table.tsx";
import { Answered } from "./page.tsx";
import { Pager } from "./pager.tsx";

interface EntryPage {
  readonly data: readonly Api["WalletEntry"][];
  readonly next_cursor: string | null;
}

/** The ledger of one wallet, newest first, and the same as a file. */
export function WalletEntries(props: {
  readonly customer_id: string;
  readonly currency: string;
}): JSX.Element {
  const path = `/customers/${props.customer_id}/wallet/entries`;
  const answer = useAnswer<EntryPage>(apiPath(path, { cursor: query.value.get("cursor") ?? undefined }));
  const save = (): void => void saveCsv(path, "statement.csv");
  return (
    <>
      <Answered answer={answer}>
        {({ data, next_cursor }) => (
          <>
            <EntryTable
              caption="Ledger entries, newest first"
              entries={data}
              currency={props.currency}
              withJob
            />
            <div class="actions">
              <Pager next={next_cursor} />
              {data.length > 0 ? (
                <button type="button" class="small" onClick={save}>
                  All as CSV
                </button>
              ) : null}
            </div>
          </>
        )}
      </Answered>
    </>
  );
}
