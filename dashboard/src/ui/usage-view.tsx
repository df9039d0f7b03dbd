import type { JSX } from "preact";
import type { Api } from "../api-types.gen.ts";
import { apiPath } from "../lib/http.ts";
import { money } from "../lib/money.ts";
import { isOperator } from "../lib/role.ts";
import { pageUrl, query, withQuery } from "../lib/place.ts";
import { saveCsv } from "../lib/save-csv.ts";
import { bySpan, byType, sum } from "../lib/usage.ts";
import { useAnswer } from "../lib/use-answer.ts";
import { Chart } from "./chart.tsx";
import { Answered, Card, Tile } from "./page.tsx";
import { Table } from "./table.tsx";
import { Tabs } from "./tabs.tsx";
import { Text } from "./text.tsx";
import { Money } from "./values.tsx";

type Usage = Api["Usage"];

const DAY_MS = 24 * 60 * 60 * 1_000;
const HOUR_MS = 60 * 60 * 1_000;
const RANGES = [
  { name: "24h", label: "Last 24 hours", bucket: "hour", length_ms: DAY_MS },
  { name: "7d", label: "Last 7 days", bucket: "hour", length_ms: 7 * DAY_MS },
  { name: "30d", label: "Last 30 days", bucket: "day", length_ms: 30 * DAY_MS },
  { name: "90d", label: "Last 90 days", bucket: "day", length_ms: 90 * DAY_MS },
] as const;
const USUAL = "30d";

/** What a customer's jobs were and cost in a range of time: by span, and by job type. */
export function UsageView({ customer_id }: { readonly customer_id: string }): JSX.Element {
  const wanted = query.value.get("range") ?? USUAL;
  const range = RANGES.find(({ name }) => name === wanted) ?? RANGES[2];
  // To the hour, so that the question stays the same while the page is shown.
  const from = new Date(Math.floor(Date.now() / HOUR_MS) * HOUR_MS - range.length_ms).toISOString();
  const question = { customer_id, bucket: range.bucket, from };
  const answer = useAnswer<Usage>(apiPath("/usage", question), 10_000);
  return (
    <>
      <Tabs
        label="Time that is looked back on"
        tabs={RANGES.map(({ name, label }) => ({
          label,
          href: withQuery({ range: name === USUAL ? undefined : name }),
          isCurrent: name === range.name,
        }))}
      />
      <Answered answer={answer}>
        {(usage) => (
          <>
            <Sums usage={usage} scope={range.label.toLowerCase()} />
            <ByType usage={usage} />
            <p class="actions">
              <button
                type="button"
                class="small"
                onClick={() => void saveCsv("/usage", "usage.csv", question)}
              >
                By {range.bucket} and job type as CSV
              </button>
            </p>
          </>
        )}
      </Answered>
    </>
  );
}

function Sums({ usage, scope }: { readonly usage: Usage; readonly scope: string }): JSX.Element {
  const { currency } = usage;
  const { succeeded, failed, cancelled, charged_cents } = sum(usage.data);
  const spans = bySpan(usage);
  const starts = spans.map(({ starts_at }) => starts_at);
  return (
    <>
      <div class="tiles">
        <Tile label="Spent" value={<Money cents={charged_cents} currency={currency} />} scope={scope} />
        <Tile label="Succeeded" value={succeeded.toLocaleString("en")} scope={scope} />
        <Tile label="Failed" value={failed.toLocaleString("en")} scope={`cost nothing, ${scope}`} />
        <Tile label="Cancelled" value={cancelled.toLocaleString("en")} scope={`cost nothing, ${scope}`} />
      </div>
      <div class="columns">
        <Chart
          title="Spent"
          summary={`${money(charged_cents, currency)}, ${scope}. Refunds are not taken off.`}
          kind="bars"
          spans={starts}
          series={[{ name: "spent", colour: "one", values: spans.map((span) => span.charged_cents) }]}
          format={(cents) => money(cents, currency)}
        />
        <Chart
          title="Jobs that ended"
          summary={`${succeeded.toLocaleString("en")} succeeded, ${failed.toLocaleString("en")} failed and ${cancelled.toLocaleString("en")} were cancelled, ${scope}.`}
          kind="bars"
          spans={starts}
          series={[
            { name: "succeeded", colour: "good", values: spans.map((span) => span.succeeded) },
            { name: "failed", colour: "bad", values: spans.map((span) => span.failed) },
            { name: "cancelled", colour: "grey", values: spans.map((span) => span.cancelled) },
          ]}
          format={(value) => value.toLocaleString("en")}
        />
      </div>
    </>
  );
}

function ByType({ usage }: { readonly usage: Usage }): JSX.Element {
  const { currency, customer_id } = usage;
  return (
    <Card title="By job type">
      <Table
        caption="Jobs and spend by job type, the dearest first"
        rows={byType(usage)}
        keyOf={({ id }) => id}
        empty="No job ended in this time. Jobs are counted seconds after their end."
        columns={[
          {
            name: "Job type",
            cell: ({ id, name }) => (
              <a
                class="name"
                href={pageUrl("/jobs", {
                  job_type_id: id,
                  customer_id: isOperator.value ? customer_id : undefined,
                })}
              >
                <Text value={name} />
              </a>
            ),
          },
          { name: "Succeeded", isFigure: true, cell: (row) => row.succeeded.toLocaleString("en") },
          { name: "Failed", isFigure: true, cell: (row) => row.failed.toLocaleString("en") },
          { name: "Cancelled", isFigure: true, cell: (row) => row.cancelled.toLocaleString("en") },
          {
            name: "Spent",
            isFigure: true,
            cell: (row) => <Money cents={row.charged_cents} currency={currency} />,
          },
        ]}
      />
    </Card>
  );
}
