import type { JobTypeLoad } from "../../../core/model/figures.ts";
import { formatAge, formatMoney, formatSeconds, formatTable, type Column } from "../../terminal/format.ts";
import { PRIORITY_NAMES } from "../../terminal/options.ts";
import type { ScreenLine } from "../../terminal/screen.ts";
import type { TopReading } from "./read-top.ts";

/** By what job types are sorted, in the order of the key `s`. */
export const SORTS = ["waiting", "running", "oldest wait", "name"] as const;
export type Sort = (typeof SORTS)[number];

type Runner = TopReading["runners"][number];
type PriorityRow = TopReading["overview"]["now"]["priorities"][number];

const ORDER: Readonly<Record<Sort, (a: JobTypeLoad, b: JobTypeLoad) => number>> = {
  waiting: (a, b) => b.waiting - a.waiting,
  running: (a, b) => b.running - a.running,
  "oldest wait": (a, b) => (b.oldest_wait_seconds ?? 0) - (a.oldest_wait_seconds ?? 0),
  name: (a, b) => a.name.localeCompare(b.name),
};

const PRIORITIES: readonly Column<PriorityRow>[] = [
  { title: "PRIORITY", cell: (row) => `${row.priority} ${PRIORITY_NAMES[row.priority]}` },
  { title: "READY", cell: (row) => row.ready, right: true },
  { title: "BACKLOG", cell: (row) => row.backlog, right: true },
  { title: "SCHEDULED", cell: (row) => row.scheduled, right: true },
  { title: "PARKED", cell: (row) => row.parked, right: true },
  { title: "RUNNING", cell: (row) => row.running, right: true },
  { title: "OLDEST WAIT", cell: (row) => formatWait(row.oldest_wait_seconds), right: true },
];

const JOB_TYPES: readonly Column<JobTypeLoad>[] = [
  { title: "JOB TYPE", cell: (row) => row.name, max: 40 },
  { title: "WAITING", cell: (row) => row.waiting, right: true },
  { title: "RUNNING", cell: (row) => row.running, right: true },
  { title: "OLDEST WAIT", cell: (row) => formatWait(row.oldest_wait_seconds), right: true },
  { title: "", cell: (row) => noteOf(row) },
];

const runnerColumns = (now_ms: number): readonly Column<Runner>[] => [
  { title: "RUNNER", cell: (row) => row.id },
  { title: "HOST", cell: (row) => row.host, max: 30 },
  { title: "SLOTS", cell: (row) => `${row.running}/${row.slots}`, right: true },
  { title: "VERSION", cell: (row) => row.version, max: 20 },
  { title: "HEARTBEAT", cell: (row) => formatAge(now_ms - Date.parse(row.heartbeat_at)), right: true },
];

/** What is shown of a reading, the most important first: what does not fit a screen is at the end. */
export function topLines(reading: TopReading, sort: Sort): ScreenLine[] {
  const { overview, runners } = reading;
  const { now, checked_at } = overview;
  const jobTypes = now.job_types.toSorted(ORDER[sort]);
  return [
    { text: `iep top   ${checked_at.replace(/\.\d+/, "")}   ${stateOf(reading)}`, tone: "title" },
    ...attentionLines(reading),
    { text: rateLine(reading) },
    { text: moneyLine(reading) },
    { text: "" },
    ...tableLines(formatTable(PRIORITIES, now.priorities)),
    { text: "" },
    ...tableLines(formatTable(JOB_TYPES, jobTypes)),
    { text: "" },
    ...tableLines(formatTable(runnerColumns(Date.parse(checked_at)), runners)),
  ];
}

/** One line of a log, with names for programs that look for them. */
export function topSummary(reading: TopReading): string {
  const { overview, submitted, rates } = reading;
  const { now, attention, checked_at } = overview;
  const waiting = now.priorities.reduce((sum, row) => sum + row.ready + row.backlog, 0);
  const money = now.wallets.flatMap(({ currency, held_cents }) => [
    `held=${formatMoney(held_cents, currency).replace(" ", "")}`,
    `charged/min=${formatMoney(chargedOf(reading, currency), currency).replace(" ", "")}`,
  ]);
  return [
    checked_at.replace(/\.\d+/, ""),
    `waiting=${waiting}`,
    `running=${now.slots_used}`,
    `slots=${now.slots}`,
    `runners=${now.runners}`,
    `oldest_wait=${formatWait(oldestWait(reading)).replace(" ", "")}`,
    `submitted/s=${submitted.toFixed(1)}`,
    `succeeded/s=${rates.succeeded.toFixed(1)}`,
    `failed/s=${rates.failed.toFixed(1)}`,
    ...money,
    `attention=${attention.map(({ kind }) => kind).join(",") || "none"}`,
  ].join(" ");
}

function stateOf(reading: TopReading): string {
  const { now } = reading.overview;
  return [
    `${now.runners} ${now.runners === 1 ? "runner" : "runners"}`,
    `${now.slots_used}/${now.slots} slots`,
    `oldest wait ${formatWait(oldestWait(reading))}`,
    ...(now.paused_at === null ? [] : ["PAUSED"]),
  ].join("   ");
}

function attentionLines({ overview }: TopReading): ScreenLine[] {
  if (overview.attention.length === 0) return [{ text: "Nothing needs attention.", tone: "dim" }];
  return overview.attention.map(({ severity, says }) => ({
    text: `${severity === "bad" ? "BAD " : "warn"}  ${says}`,
    tone: severity,
  }));
}

function rateLine({ submitted, rates }: TopReading): string {
  const { succeeded, failed, cancelled, window_seconds } = rates;
  const ended = `succeeded ${succeeded.toFixed(1)}   failed ${failed.toFixed(1)}   cancelled ${cancelled.toFixed(1)}`;
  return `a second  submitted ${submitted.toFixed(1)}   ${ended}   (over ${window_seconds.toFixed(0)} s)`;
}

function moneyLine(reading: TopReading): string {
  const sums = reading.overview.now.wallets.map(
    ({ currency, held_cents }) =>
      `held ${formatMoney(held_cents, currency)}   charged ${formatMoney(chargedOf(reading, currency), currency)} a minute`,
  );
  return `money     ${sums.join("   ") || "no wallets"}`;
}

function chargedOf({ charged }: TopReading, currency: string): number {
  return charged.get(currency) ?? 0;
}

function oldestWait({ overview }: TopReading): number | null {
  const waits = overview.now.priorities.flatMap(({ oldest_wait_seconds }) => oldest_wait_seconds ?? []);
  return waits.length === 0 ? null : Math.max(...waits);
}

function noteOf({ paused_at, served, waiting }: JobTypeLoad): string {
  if (paused_at !== null) return "PAUSED";
  return waiting > 0 && !served ? "NO RUNNER" : "";
}

function formatWait(seconds: number | null): string {
  return seconds === null ? "-" : formatSeconds(seconds);
}

function tableLines(table: string): ScreenLine[] {
  return table.split("\n").map((text, n) => (n === 0 ? { text, tone: "title" } : { text }));
}
