import type { JSX } from "preact";
import type { Api } from "../api-types.gen.ts";
import { apiPath } from "../lib/http.ts";
import { money } from "../lib/money.ts";
import { query, withQuery } from "../lib/place.ts";
import { useAnswer } from "../lib/use-answer.ts";
import { AuditCard } from "../ui/audit-card.tsx";
import { Chart } from "../ui/chart.tsx";
import { Ledger } from "../ui/ledger.tsx";
import { Answered, Page, Tile } from "../ui/page.tsx";
import { Tabs } from "../ui/tabs.tsx";
import { Money } from "../ui/values.tsx";

type Overview = Api["Overview"];
const RANGES = ["15m", "1h", "24h", "7d"] as const;

/** What was earned, what is owed, what is held. Amounts of different currencies are never added. */
export function MoneyPage(): JSX.Element {
  const range = RANGES.find((one) => one === query.value.get("range")) ?? "24h";
  const answer = useAnswer<Overview>(apiPath("/overview", { range }), 5_000);
  return (
    <Page title="Money">
      <Tabs
        label="Time that is looked back on"
        tabs={RANGES.map((one) => ({
          label: `Last ${one}`,
          href: withQuery({ range: one === "24h" ? undefined : one }),
          isCurrent: one === range,
        }))}
      />
      <Answered answer={answer}>
        {(overview) => (
          <>
            {currenciesOf(overview).map((currency) => (
              <OneCurrency key={currency} overview={overview} currency={currency} />
            ))}
            {currenciesOf(overview).length === 0 ? <p class="empty">No wallet yet.</p> : null}
          </>
        )}
      </Answered>
      <AuditCard />
      <Ledger />
    </Page>
  );
}

function currenciesOf({ now, whole }: Overview): string[] {
  return [...new Set([...now.wallets, ...whole.money].map(({ currency }) => currency))].toSorted();
}

function OneCurrency({
  overview,
  currency,
}: {
  readonly overview: Overview;
  readonly currency: string;
}): JSX.Element {
  const { now, whole, range, spans } = overview;
  const wallets = now.wallets.find((one) => one.currency === currency);
  const moved = whole.money.find((one) => one.currency === currency);
  const scope = `last ${range}`;
  const values = (name: "charged_cents" | "refunded_cents" | "topped_up_cents"): number[] =>
    spans.map(({ money: all }) => all.find((one) => one.currency === currency)?.[name] ?? 0);
  const tiles = [
    ["Charged", moved?.charged_cents ?? 0, scope],
    ["Refunded", moved?.refunded_cents ?? 0, scope],
    ["Topped up", moved?.topped_up_cents ?? 0, scope],
    ["Held", wallets?.held_cents ?? 0, "for open jobs, now"],
    ["Liability", wallets?.liability_cents ?? 0, "balances above zero, now"],
    ["Receivable", wallets?.receivable_cents ?? 0, "balances below zero, now"],
  ] as const;
  return (
    <section class="currency" aria-label={currency}>
      <h2>
        {currency} <span class="quiet">{wallets?.wallets.toLocaleString("en") ?? 0} wallets</span>
      </h2>
      <div class="tiles">
        {tiles.map(([label, cents, of]) => (
          <Tile key={label} label={label} value={<Money cents={cents} currency={currency} />} scope={of} />
        ))}
      </div>
      <div class="columns">
        <Chart
          title={`Charged and refunded, ${currency}`}
          summary={`${money(moved?.charged_cents ?? 0, currency)} charged, ${money(moved?.refunded_cents ?? 0, currency)} refunded, ${scope}.`}
          kind="bars"
          spans={spans.map(({ starts_at }) => starts_at)}
          series={[
            { name: "charged", colour: "one", values: values("charged_cents") },
            { name: "refunded", colour: "bad", values: values("refunded_cents") },
          ]}
          format={(value) => money(Math.round(value), currency)}
        />
        <Chart
          title={`Topped up, ${currency}`}
          summary={`${money(moved?.topped_up_cents ?? 0, currency)}, ${scope}.`}
          kind="bars"
          spans={spans.map(({ starts_at }) => starts_at)}
          series={[{ name: "topped up", colour: "good", values: values("topped_up_cents") }]}
          format={(value) => money(Math.round(value), currency)}
        />
      </div>
    </section>
  );
}
