import type { Priority } from "../core/model/job.ts";
import { formatMoney, formatTable } from "../cli/terminal/format.ts";
import type { DemoSummary } from "./summary.ts";
import { DEMO_JOB_TYPES } from "./workload.ts";

/** Of a sample: enough to see what it is; the API has it whole. */
const SAMPLE_LENGTH_MAX = 84;
const PRIORITY_NAMES: Readonly<Record<Priority, string>> = { 0: "high", 1: "medium", 2: "low" };

/** The figures as text, section by section. */
export function formatReport(summary: DemoSummary): string {
  const { throughput, outcomes } = summary;
  const seconds = (throughput.work_ms / 1_000).toFixed(1);
  const sections: readonly (readonly [title: string, text: string])[] = [
    [
      "Throughput",
      [
        `${throughput.jobs} jobs in ${seconds} s: ${throughput.jobs_per_second} jobs/s`,
        "from the first submission to the end of the last job. Customers, API, runner and the work itself share",
        "one process here: this measures them all together.",
      ].join("\n"),
    ],
    ["Waiting, from created_at to started_at", formatWaits(summary)],
    [
      "Outcomes",
      `${outcomes.succeeded} succeeded, ${outcomes.failed} failed, ${outcomes.refused} refused for lack of money (402)`,
    ],
    ["Wallets", formatWallets(summary)],
    ["Results, one of each kind", formatSamples(summary)],
    ["Audit", summary.audit.map((row) => formatLine(row.broken === 0, row.says, row.example)).join("\n")],
    ["Checks", summary.checks.map(({ ok, says, found }) => formatLine(ok, says, found)).join("\n")],
  ];
  return sections.map(([title, text]) => `${title}\n${indent(text)}\n`).join("\n");
}

function formatWaits({ waits }: DemoSummary): string {
  return formatTable(
    [
      { title: "PRIORITY", cell: ({ priority }) => PRIORITY_NAMES[priority] },
      { title: "JOBS", cell: ({ jobs }) => jobs, right: true },
      { title: "MEDIAN", cell: ({ median_ms }) => `${median_ms} ms`, right: true },
      { title: "P95", cell: ({ p95_ms }) => `${p95_ms} ms`, right: true },
      { title: "MAX", cell: ({ max_ms }) => `${max_ms} ms`, right: true },
    ],
    waits,
  );
}

function formatWallets({ wallets }: DemoSummary): string {
  return formatTable(
    [
      { title: "CUSTOMER", cell: ({ customer }) => customer },
      {
        title: "TOPPED UP",
        cell: ({ topped_up_cents, currency }) => formatMoney(topped_up_cents, currency),
        right: true,
      },
      {
        title: "CHARGED",
        cell: ({ charged_cents, currency }) => formatMoney(charged_cents, currency),
        right: true,
      },
      { title: "HELD", cell: ({ held_cents, currency }) => formatMoney(held_cents, currency), right: true },
      { title: "BALANCE", cell: (row) => formatMoney(row.balance_cents, row.currency), right: true },
    ],
    wallets,
  );
}

function formatSamples({ samples }: DemoSummary): string {
  const lines: (readonly [string, string | undefined])[] = [
    ...samples.results.map(
      ({ kind, output }) => [DEMO_JOB_TYPES[kind].name, JSON.stringify(output)] as const,
    ),
    ["A failure", samples.failure],
    ["A refusal", samples.refusal],
  ];
  return lines.map(([name, text]) => `${name.padEnd(16)}  ${cut(text ?? "none")}`).join("\n");
}

function formatLine(ok: boolean, says: string, found: string | null | undefined): string {
  return ok ? `ok      ${says}` : `BROKEN  ${says} (${found ?? "no example"})`;
}

function cut(text: string): string {
  return text.length <= SAMPLE_LENGTH_MAX ? text : `${text.slice(0, SAMPLE_LENGTH_MAX - 1)}…`;
}

function indent(text: string): string {
  return text.replaceAll(/^/gm, "  ");
}
