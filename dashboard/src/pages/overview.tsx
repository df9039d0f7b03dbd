import type { JSX } from "preact";
import type { Api } from "../api-types.gen.ts";
import { apiPath } from "../lib/http.ts";
import { money } from "../lib/money.ts";
import { pageUrl, query, withQuery } from "../lib/place.ts";
import { duration, now } from "../lib/time.ts";
import { OF_THE_QUEUE, useAnswer } from "../lib/use-answer.ts";
import { Attention } from "../ui/attention.tsx";
import { Chart } from "../ui/chart.tsx";
import { FailureTable } from "../ui/failure-table.tsx";
import { Answered, Card, Page, Tile } from "../ui/page.tsx";
import { Table } from "../ui/table.tsx";
import { Tabs } from "../ui/tabs.tsx";
import { Text } from "../ui/text.tsx";
import { Badge, Money } from "../ui/values.tsx";

type Overview = Api["Overview"];

const RANGES = ["15m", "1h", "24h", "7d"] as const;

/** What needs attention, then the figures, each with its time. */
export function OverviewPage(): JSX.Element {
  const range = RANGES.find((one) => one === query.value.get("range")) ?? "1h";
  const answer = useAnswer<Overview>(apiPath("/overview", { range }), undefined, OF_THE_QUEUE);
  const failures = useAnswer<Api["FailurePage"]>("/failures?limit=5", 5_000);
  return (
    <Page title="Overview">
      <Tabs
        label="Time that is looked back on"
        tabs={RANGES.map((one) => ({
          label: `Last ${one}`,
          href: withQuery({ range: one === "1h" ? undefined : one }),
          isCurrent: one === range,
        }))}
      />
      <Answered answer={answer}>
        {(overview) => (
          <>
            <Attention overview={overview} age_ms={Math.max(0, now.value - (answer.at ?? now.value))} />
            <Tiles overview={overview} />
            <Charts overview={overview} />
            <Queues overview={overview} />
          </>
        )}
      </Answered>
      <Card title="Failures, last 7 days" actions={<a href={pageUrl("/failures")}>All</a>}>
        <Answered answer={failures}>{({ data }) => <FailureTable groups={data} />}</Answered>
      </Card>
    </Page>
  );
}

function Tiles({ overview }: { readonly overview: Overview }): JSX.Element {
  const { now: current, whole, range } = overview;
  const scope = `last ${range}`;
  const waits = current.priorities.flatMap(({ oldest_wait_seconds: seconds }) => seconds ?? []);
  const waiting = current.priorities.reduce((sum, { ready, backlog }) => sum + ready + backlog, 0);
  const { succeeded, failed, cancelled } = whole.ended;
  const ended = succeeded + failed;
  return (
    <div class="tiles">
      <Tile
        label="Oldest wait"
        value={waits.length === 0 ? "none waits" : duration(Math.max(...waits) * 1_000)}
        scope="now"
        href={pageUrl("/queue")}
      />
      <Tile
        label="Waiting"
        value={waiting.toLocaleString("en")}
        scope="due jobs, now"
        href={pageUrl("/jobs", { status: "pending" })}
      />
      <Tile
        label="Running"
        value={`${current.slots_used} of ${current.slots}`}
        scope={`slots of ${current.runners} runner${current.runners === 1 ? "" : "s"}, now`}
        href={pageUrl("/runners")}
      />
      <Tile
        label="Ended"
        value={(ended + cancelled).toLocaleString("en")}
        scope={`${failed.toLocaleString("en")} failed, ${scope}`}
      />
      <Tile
        label="Succeeded"
        value={ended === 0 ? "–" : `${((100 * succeeded) / ended).toFixed(1)} %`}
        scope={scope}
      />
      <Tile label="Wait, 95 %" value={inSeconds(whole.wait_seconds.p95)} scope={`at most, ${scope}`} />
      <Tile label="Run, 95 %" value={inSeconds(whole.run_seconds.p95)} scope={`at most, ${scope}`} />
      {whole.money.map(({ currency, charged_cents }) => (
        <Tile
          key={currency}
          label="Charged"
          value={<Money cents={charged_cents} currency={currency} />}
          scope={scope}
          href={pageUrl("/money", { range })}
        />
      ))}
      {current.wallets.map(({ currency, held_cents }) => (
        <Tile
          key={currency}
          label="Held"
          value={<Money cents={held_cents} currency={currency} />}
          scope="for open jobs, now"
          href={pageUrl("/money", { range })}
        />
      ))}
    </div>
  );
}

function Charts({ overview }: { readonly overview: Overview }): JSX.Element {
  const { spans, whole, range } = overview;
  const starts = spans.map(({ starts_at }) => starts_at);
  const currency = whole.money[0]?.currency;
  const { succeeded, failed, cancelled } = whole.ended;
  return (
    <div class="columns">
      <Chart
        title="Ended"
        summary={`${succeeded.toLocaleString("en")} succeeded, ${failed.toLocaleString("en")} failed and ${cancelled.toLocaleString("en")} were cancelled, last ${range}.`}
        kind="bars"
        spans={starts}
        series={[
          { name: "succeeded", colour: "good", values: spans.map(({ ended }) => ended.succeeded) },
          { name: "failed", colour: "bad", values: spans.map(({ ended }) => ended.failed) },
          { name: "cancelled", colour: "grey", values: spans.map(({ ended }) => ended.cancelled) },
        ]}
        format={(value) => value.toLocaleString("en")}
      />
      <Chart
        title="Waited"
        summary={`Half waited ${inSeconds(whole.wait_seconds.p50)} at most, 95 % ${inSeconds(whole.wait_seconds.p95)}.`}
        kind="lines"
        spans={starts}
        series={[
          { name: "half", colour: "one", values: spans.map(({ wait_seconds }) => wait_seconds.p50) },
          { name: "95 %", colour: "two", values: spans.map(({ wait_seconds }) => wait_seconds.p95) },
        ]}
        format={inSeconds}
      />
      <Chart
        title="Ran"
        summary={`Half ran ${inSeconds(whole.run_seconds.p50)} at most, 95 % ${inSeconds(whole.run_seconds.p95)}.`}
        kind="lines"
        spans={starts}
        series={[
          { name: "half", colour: "one", values: spans.map(({ run_seconds }) => run_seconds.p50) },
          { name: "95 %", colour: "two", values: spans.map(({ run_seconds }) => run_seconds.p95) },
        ]}
        format={inSeconds}
      />
      {currency === undefined ? null : (
        <Chart
          title="Charged"
          summary={`${money(whole.money[0]?.charged_cents, currency)}, last ${range}.`}
          kind="bars"
          spans={starts}
          series={[
            {
              name: currency,
              colour: "one",
              values: spans.map(
                ({ money: all }) => all.find((one) => one.currency === currency)?.charged_cents ?? 0,
              ),
            },
          ]}
          format={(value) => money(Math.round(value), currency)}
        />
      )}
    </div>
  );
}

function Queues({ overview }: { readonly overview: Overview }): JSX.Element {
  const worst = overview.now.job_types.toSorted(
    (a, b) => (b.oldest_wait_seconds ?? 0) - (a.oldest_wait_seconds ?? 0),
  );
  return (
    <Card title="Job types at work" actions={<a href={pageUrl("/queue")}>Queue</a>}>
      <Table
        caption="Job types with waiting or running jobs, the longest wait first, now"
        rows={worst}
        keyOf={({ job_type_id }) => job_type_id}
        empty="Nothing waits, nothing runs."
        columns={[
          {
            name: "Job type",
            cell: ({ job_type_id, name }) => (
              <a class="name" href={pageUrl(`/job-types/${job_type_id}`)}>
                <Text value={name} />
              </a>
            ),
          },
          { name: "Waiting", isFigure: true, cell: ({ waiting }) => waiting.toLocaleString("en") },
          {
            name: "Oldest",
            isFigure: true,
            cell: ({ oldest_wait_seconds }) => inSeconds(oldest_wait_seconds),
          },
          { name: "Running", isFigure: true, cell: ({ running }) => running.toLocaleString("en") },
          {
            name: "State",
            cell: ({ paused_at, served, waiting }) =>
              paused_at ? (
                <Badge kind="warn">paused</Badge>
              ) : !served && waiting > 0 ? (
                <Badge kind="bad">no runner</Badge>
              ) : null,
          },
        ]}
      />
    </Card>
  );
}

function inSeconds(seconds: number | null): string {
  return duration(seconds === null ? null : seconds * 1_000);
}
