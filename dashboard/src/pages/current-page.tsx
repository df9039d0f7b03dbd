import type { JSX } from "preact";
import { isOperator, ownCustomer } from "../lib/role.ts";
import { pageUrl, segments } from "../lib/place.ts";
import { Page } from "../ui/page.tsx";
import { AuditLogPage } from "./audit-log.tsx";
import { BulkActionPage, BulkActionsPage } from "./bulk-actions.tsx";
import { CustomerPage } from "./customer.tsx";
import { CustomersPage } from "./customers.tsx";
import { FailuresPage } from "./failures.tsx";
import { JobTypePage } from "./job-type.tsx";
import { JobTypesPage } from "./job-types.tsx";
import { JobPage } from "./job.tsx";
import { JobsPage } from "./jobs.tsx";
import { MoneyPage } from "./money.tsx";
import { NewJobPage } from "./new-job.tsx";
import { OperatorsPage } from "./operators.tsx";
import { OverviewPage } from "./overview.tsx";
import { OwnHomePage, OwnKeysPage, OwnWalletPage } from "./own.tsx";
import { QueuePage } from "./queue.tsx";
import { RunnersPage } from "./runners.tsx";
import { WebhookPage, WebhooksPage } from "./webhooks.tsx";

type PageOf = (id: string) => JSX.Element | null;

/** What the address names. `:` stands for an id. */
const BOTH: Readonly<Record<string, PageOf>> = {
  "/jobs": () => <JobsPage />,
  "/jobs/:": (id) => <JobPage key={id} id={id} />,
  "/failures": () => <FailuresPage />,
  "/bulk-actions": () => <BulkActionsPage />,
  "/bulk-actions/:": (id) => <BulkActionPage key={id} id={id} />,
  "/new-job": () => <NewJobPage />,
  "/webhooks": () => <WebhooksPage />,
  "/webhooks/:": (id) => <WebhookPage key={id} id={id} />,
};
const OPERATOR: Readonly<Record<string, PageOf>> = {
  ...BOTH,
  "/": () => <OverviewPage />,
  "/queue": () => <QueuePage />,
  "/money": () => <MoneyPage />,
  "/audit-log": () => <AuditLogPage />,
  "/operators": () => <OperatorsPage />,
  "/runners": () => <RunnersPage />,
  "/customers": () => <CustomersPage />,
  "/customers/:": (id) => <CustomerPage key={id} id={id} />,
  "/job-types": () => <JobTypesPage />,
  "/job-types/:": (id) => <JobTypePage key={id} id={id} />,
};
const CUSTOMER: Readonly<Record<string, PageOf>> = {
  ...BOTH,
  "/": () => own((customer) => <OwnHomePage customer={customer} />),
  "/wallet": () => own((customer) => <OwnWalletPage customer={customer} />),
  "/keys": () => own((customer) => <OwnKeysPage customer={customer} />),
};

export function CurrentPage(): JSX.Element {
  const [name = "", id, ...more] = segments.value;
  const pages = isOperator.value ? OPERATOR : CUSTOMER;
  const page = more.length === 0 ? pages[`/${name}${id === undefined ? "" : "/:"}`] : undefined;
  return page?.(id ?? "") ?? <NoSuchPage />;
}

function own(show: (customer: NonNullable<typeof ownCustomer.value>) => JSX.Element): JSX.Element | null {
  return ownCustomer.value ? show(ownCustomer.value) : null;
}

function NoSuchPage(): JSX.Element {
  return (
    <Page title="No such page">
      <p class="empty">
        This address leads nowhere. <a href={pageUrl("/jobs")}>To the jobs</a>
      </p>
    </Page>
  );
}
