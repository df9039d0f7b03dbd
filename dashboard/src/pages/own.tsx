import type { JSX } from "preact";
import type { Api } from "../api-types.gen.ts";
import { apiPath } from "../lib/http.ts";
import { pageUrl } from "../lib/place.ts";
import { OF_JOBS, useAnswer } from "../lib/use-answer.ts";
import { JobTable } from "../ui/job-table.tsx";
import { KeyList } from "../ui/key-list.tsx";
import { Answered, Card, Page } from "../ui/page.tsx";
import { WalletEntries } from "../ui/wallet-entries.tsx";
import { WalletFigures } from "../ui/wallet-figures.tsx";

interface OwnProps {
  readonly customer: Api["Customer"];
}

/** What a customer sees first: the money, then the newest jobs. */
export function OwnHomePage({ customer }: OwnProps): JSX.Element {
  const jobs = useAnswer<Api["JobPage"]>(apiPath("/jobs", { limit: 10 }), undefined, OF_JOBS);
  return (
    <Page
      title="Overview"
      actions={
        <a class="button main" href={pageUrl("/new-job")}>
          New job
        </a>
      }
    >
      <OwnWallet customer={customer} />
      <Card title="Newest jobs" actions={<a href={pageUrl("/jobs")}>All</a>}>
        <Answered answer={jobs}>
          {({ data }) => <JobTable rows={data} withCustomer={false} empty="No jobs yet: submit one above." />}
        </Answered>
      </Card>
    </Page>
  );
}

export function OwnWalletPage({ customer }: OwnProps): JSX.Element {
  return (
    <Page title="Wallet">
      <OwnWallet customer={customer} />
      <p class="quiet">
        The price of a job is held when it is submitted, so that nothing else can spend it. When the job
        succeeds it is charged, once, and never more than was held. When it fails or is cancelled, the hold is
        released and nothing is charged.
      </p>
      <WalletEntries customer_id={customer.id} currency={customer.currency} />
    </Page>
  );
}

export function OwnKeysPage({ customer }: OwnProps): JSX.Element {
  return (
    <Page title="Keys">
      <KeyList customer_id={customer.id} mayCreate />
    </Page>
  );
}

function OwnWallet({ customer }: OwnProps): JSX.Element {
  const wallet = useAnswer<Api["Wallet"]>(`/customers/${customer.id}/wallet`);
  return <Answered answer={wallet}>{(figures) => <WalletFigures wallet={figures} />}</Answered>;
}
