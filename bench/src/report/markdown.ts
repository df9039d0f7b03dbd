import { loadContender, type ContenderName } from "../contenders.ts";
import type { Options } from "../options.ts";
import type { Column, Outcome } from "../scenario.ts";
import { POSTGRES_SETTINGS } from "../servers/servers.ts";
import { spreadOf, type Spread } from "../statistics.ts";
import { column, ratio } from "./comparison.ts";
import { judge } from "./targets.ts";

interface Report {
  readonly outcomes: readonly Outcome[];
  readonly options: Options;
  /** Lines of text. */
  readonly machine: readonly string[];
}

/** Returns the text of RESULTS.md. */
export async function toMarkdown({ outcomes, options, machine }: Report): Promise<string> {
  return [
    "# Measured",
    "Written by `npm run bench`; not by hand. Ours holds money at submission, charges at the end, keeps the job and a ledger entry; no peer does.",
    ...machine,
    `${options.rounds} rounds at scale ${options.scale}, contenders in turns (A B C, A B C …), each in a database of its own on the same servers. Numbers are medians (smallest … largest). A ratio is that of each round, then their median: compare ratios, not numbers of two runs.`,
    "![Ratios](results.svg)",
    "## Targets",
    targetTable(outcomes),
    ...outcomes.flatMap((outcome) => [
      `## ${outcome.scenario.title}`,
      outcome.scenario.about,
      scenarioTable(outcome),
    ]),
    "## How each runs",
    `PostgreSQL for all: \`fsync\` and \`synchronous_commit\` on, ${Object.entries(POSTGRES_SETTINGS)
      .map(([name, value]) => `\`${name} = ${value}\``)
      .join(
        ", ",
      )}. Redis for all: \`appendonly yes\`, \`appendfsync everysec\`. Every runner is a process of its own; CPU and memory are the kernel's counts of it. ` +
      "After each drain it is checked that every job ran once, and for ours that the audit is clean.",
    await settingsTable(options.contenders),
    "",
  ].join("\n\n");
}

function targetTable(outcomes: readonly Outcome[]): string {
  const rows = judge(outcomes).map(({ title, says, reached, met, digits }) => [
    title,
    says,
    show(reached, digits),
    met ? "met" : "**missed**",
  ]);
  return rows.length === 0 ? "None of them was measured." : table(["", "target", "reached", ""], rows);
}

function scenarioTable(outcome: Outcome): string {
  const { scenario, subjects } = outcome;
  const [main] = scenario.columns;
  const first = subjects[0]?.name ?? "";
  const compared =
    scenario.compare === "peers" ? `${titleOf(outcome, first)} / it` : `it / ${titleOf(outcome, first)}`;
  const rows = subjects.map(({ name, title }) => [
    title,
    ...scenario.columns.map((one) => cell(outcome, name, one)),
    main && name !== first ? ratioCell(outcome, main, first, name) : "",
  ]);
  return table(["", ...scenario.columns.map(({ title }) => title), compared], rows);
}

function titleOf({ subjects }: Outcome, name: string): string {
  return subjects.find((subject) => subject.name === name)?.title ?? name;
}

function cell(outcome: Outcome, subject: string, { key, digits }: Column): string {
  return show(spreadOf(column(outcome, subject, key)), digits);
}

function ratioCell(outcome: Outcome, { key }: Column, first: string, other: string): string {
  const spread =
    outcome.scenario.compare === "peers"
      ? ratio(outcome, key, first, other)
      : ratio(outcome, key, other, first);
  return spread ? show(spread, 2) : "";
}

function show({ median, min, max }: Spread, digits: number): string {
  if (Number.isNaN(median)) return "–";
  const text = (value: number): string =>
    value.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits });
  return min === max ? text(median) : `${text(median)} (${text(min)} … ${text(max)})`;
}

async function settingsTable(names: readonly ContenderName[]): Promise<string> {
  const rows = names.map(async (name) => {
    const { title, settings, source, share, fairness } = await loadContender(name);
    return [
      title,
      settings,
      fairness ?? "none",
      source,
      share === 1 ? "all" : `${share * 100} % of the jobs where only rates count`,
    ];
  });
  return table(["", "settings", "fairness", "from", "jobs"], await Promise.all(rows));
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}
