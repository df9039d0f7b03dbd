import { Counter, Gauge } from "prom-client";
import type { GaugeRepository, MoneyFigures, QueueFigures } from "../core/model/gauges.ts";
import { CachedReading } from "./cached-reading.ts";
import type { Metrics } from "./metrics.ts";

const PLACES = ["ready", "backlog", "scheduled", "parked"] as const;

/**
 * Shows figures over all processes, which every API reads from the database. When they cannot be read, they
 * are left out, and all other metrics stay.
 */
export function watchDatabase(metrics: Metrics, gauges: GaugeRepository): void {
  const queue = new CachedReading(() => gauges.queue());
  const money = new CachedReading(() => gauges.money());
  const [showQueue, showMoney] = [queueGauges(metrics), moneyGauges(metrics)];
  const read = new Gauge({
    name: "iep_figures_read",
    help: "1 when the last read of the database for these metrics worked, 0 when its figures are left out.",
    labelNames: ["figures"],
    registers: [metrics.registry],
  });
  metrics.beforeRead(async () => {
    const [ofQueue, ofMoney] = await Promise.all([queue.get(), money.get()]);
    showQueue(ofQueue);
    showMoney(ofMoney);
    read.set({ figures: "queue" }, ofQueue ? 1 : 0);
    read.set({ figures: "money" }, ofMoney ? 1 : 0);
  });
}

function queueGauges({ registry }: Metrics): (figures: QueueFigures | undefined) => void {
  const registers = [registry];
  const gauge = (name: string, help: string) => new Gauge({ name, help, registers });
  const depth = new Gauge({
    name: "iep_queue_jobs",
    help: "Waiting jobs: ready for runners, in the backlog, scheduled for later, parked because their type is paused. A million of a kind is the most that is counted.",
    labelNames: ["priority", "place"],
    registers,
  });
  const oldest = new Gauge({
    name: "iep_queue_oldest_wait_seconds",
    help: "How long the oldest due job of a priority has waited; 0 when none waits.",
    labelNames: ["priority"],
    registers,
  });
  const paused = gauge("iep_queue_paused", "1 while the whole queue is paused.");
  const unserved = gauge("iep_queue_unserved_jobs", "Due jobs whose type no living runner serves.");
  const running = gauge("iep_jobs_running", "Jobs that run, on all runners.");
  const runners = gauge("iep_runners", "Living runners.");
  const slots = gauge("iep_runner_slots", "Jobs that all living runners may run at the same time.");
  const transaction = gauge(
    "iep_database_oldest_transaction_seconds",
    "Age of the oldest transaction of this database that this role may see. It keeps dead rows from being removed.",
  );
  const size = gauge("iep_database_size_bytes", "Size of the database on disk.");
  const webhooks = gauge(
    "iep_webhook_backlog_seconds",
    "For how long the oldest webhook delivery is overdue whose endpoint is neither disabled nor paused.",
  );
  const ofAll = [paused, unserved, running, runners, slots, transaction, size, webhooks];
  const clear = (): void => {
    for (const labelled of [depth, oldest]) labelled.reset();
    // `reset` would set them to 0, which is a figure as well.
    for (const single of ofAll) single.remove();
  };
  clear();

  return (figures) => {
    clear();
    if (!figures) return;
    for (const row of figures.priorities) {
      const { priority } = row;
      for (const place of PLACES) depth.set({ priority, place }, row[place]);
      oldest.set({ priority }, Math.max(0, row.oldest_wait_seconds ?? 0));
    }
    paused.set(figures.queue_paused ? 1 : 0);
    unserved.set(figures.unserved);
    running.set(figures.running);
    runners.set(figures.runners);
    slots.set(figures.slots);
    transaction.set(figures.oldest_transaction_seconds);
    size.set(figures.size_bytes);
    webhooks.set(figures.webhook_backlog_seconds);
  };
}

function moneyGauges({ registry }: Metrics): (figures: readonly MoneyFigures[] | undefined) => void {
  const registers = [registry];
  const labelNames = ["currency"];
  const balance = new Gauge({
    name: "iep_balance_cents",
    help: "The balances of all wallets together, in the minor unit of their currency.",
    labelNames,
    registers,
  });
  const held = new Gauge({
    name: "iep_held_cents",
    help: "The prices of all open jobs together, in the minor unit of their currency.",
    labelNames,
    registers,
  });
  const charged = new Counter({
    name: "iep_charged_cents_total",
    help: "Charged for jobs since the month began (UTC), in the minor unit of the currency. Starts anew each month.",
    labelNames,
    registers,
  });
  const wallets = new Gauge({
    name: "iep_wallets",
    help: "Wallets: `all` of them, those that are `frozen`, and those below their threshold of a `low` balance.",
    labelNames: ["state"],
    registers,
  });
  const all = [balance, held, charged, wallets];

  return (figures) => {
    for (const metric of all) metric.reset();
    if (!figures) return;
    for (const { currency, ...of } of figures) {
      balance.set({ currency }, of.balance_cents);
      held.set({ currency }, of.held_cents);
      charged.inc({ currency }, of.charged_cents);
    }
    const sum = (pick: (of: MoneyFigures) => number) => figures.reduce((total, of) => total + pick(of), 0);
    wallets.set(
      { state: "all" },
      sum((of) => of.wallets),
    );
    wallets.set(
      { state: "frozen" },
      sum((of) => of.frozen),
    );
    wallets.set(
      { state: "low" },
      sum((of) => of.low),
    );
  };
}
