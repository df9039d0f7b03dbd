import type { Outcome } from "../scenario.ts";
import { spreadOf } from "../statistics.ts";
import { column } from "./comparison.ts";

const WIDTH = 860;
const LABEL = 210;
const VALUE = 110;
const ROW = 20;
const BAR = 14;
const HEAD = 34;
const GAP = 18;
const TOP = 12;

/** A middle grey, which is legible on white and on black. */
const TEXT = "#7d8590";
const OURS = "#2f81f7";
const OTHERS = "#8b949e";
const SPREAD = "#57606a";

/** Returns results.svg: for each scenario a group of bars of its main column, with the spread as a line. */
export function toSvg(outcomes: readonly Outcome[]): string {
  let y = TOP;
  const groups = outcomes.map((outcome) => {
    const drawn = drawGroup(outcome, y);
    y += HEAD + ROW * outcome.subjects.length + GAP;
    return drawn;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${y}" width="${WIDTH}" height="${y}" font-family="system-ui, sans-serif" font-size="12" fill="${TEXT}" role="img" aria-label="Benchmark results">`,
    ...groups,
    "</svg>",
    "",
  ].join("\n");
}

function drawGroup(outcome: Outcome, top: number): string {
  const { scenario, subjects } = outcome;
  const [main] = scenario.columns;
  if (!main) return "";
  const rows = subjects.map(({ name, title }) => ({
    name,
    title,
    spread: spreadOf(column(outcome, name, main.key)),
  }));
  const most = Math.max(...rows.map(({ spread }) => spread.max).filter(Number.isFinite), Number.MIN_VALUE);
  const room = WIDTH - LABEL - VALUE;
  const x = (value: number): string => (LABEL + (value / most) * room).toFixed(1);
  const head = `<text x="0" y="${top + 16}" font-size="14" font-weight="600">${escape(scenario.title)}</text><text x="${WIDTH}" y="${top + 16}" text-anchor="end">${escape(main.title)}, ${scenario.better} is better</text>`;
  const bars = rows.flatMap(({ name, title, spread }, index) => {
    if (!Number.isFinite(spread.median)) return [];
    const barTop = top + HEAD + index * ROW - 8;
    const middle = barTop + BAR / 2;
    const ours = scenario.compare === "variants" ? index > 0 : name.startsWith("ours");
    return [
      `<text x="${LABEL - 8}" y="${middle + 4}" text-anchor="end">${escape(title)}</text>`,
      `<rect x="${LABEL}" y="${barTop}" width="${(Number(x(spread.median)) - LABEL).toFixed(1)}" height="${BAR}" rx="2" fill="${ours ? OURS : OTHERS}"/>`,
      `<path d="M${x(spread.min)} ${middle}H${x(spread.max)}" stroke="${SPREAD}" stroke-width="2"/>`,
      `<text x="${WIDTH}" y="${middle + 4}" text-anchor="end">${spread.median.toLocaleString("en", { maximumFractionDigits: main.digits })}</text>`,
    ];
  });
  return [head, ...bars].join("\n");
}

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}
