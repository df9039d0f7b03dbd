import type { JSX } from "preact";
import { Table } from "./table.tsx";

interface Series {
  readonly name: string;
  /** The class of its colour. */
  readonly colour: string;
  /** One for each span; null where nothing is known. */
  readonly values: readonly (number | null)[];
}

interface ChartProps {
  readonly title: string;
  /** What it shows in one sentence, for whoever does not see it. */
  readonly summary: string;
  readonly kind: "bars" | "lines";
  /** When each span begins. */
  readonly spans: readonly string[];
  readonly series: readonly Series[];
  readonly format: (value: number) => string;
}

const WIDTH = 600;
const HEIGHT = 120;

/** Bars on one another, or lines, of a few dozen spans. The same figures stand in a table below. */
export function Chart({ title, summary, kind, spans, series, format }: ChartProps): JSX.Element {
  const top = topOf(kind, spans.length, series);
  return (
    <figure class="card chart">
      <figcaption>
        <h2>{title}</h2>
        <p class="quiet">{summary}</p>
      </figcaption>
      <div class="chart-box">
        <span class="chart-top quiet">{format(top)}</span>
        <svg
          viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
          preserveAspectRatio="none"
          role="img"
          aria-label={`${title}. ${summary}`}
        >
          {kind === "bars" ? (
            <Bars spans={spans} series={series} top={top} />
          ) : (
            <Lines series={series} top={top} />
          )}
        </svg>
        <div class="chart-ends quiet">
          <span>{shortTime(spans[0])}</span>
          <span class="legend">
            {series.map(({ name, colour }) => (
              <span key={name}>
                <i class={colour} aria-hidden="true" /> {name}
              </span>
            ))}
          </span>
          <span>now</span>
        </div>
      </div>
      <details>
        <summary>As a table</summary>
        <Table
          caption={`${title}, newest first`}
          rows={spans.map((starts_at, index) => ({ starts_at, index })).toReversed()}
          keyOf={({ starts_at }) => starts_at}
          columns={[
            { name: "From", cell: ({ starts_at }) => shortTime(starts_at) },
            ...series.map(({ name, values }) => ({
              name,
              isFigure: true,
              cell: ({ index }: { readonly index: number }) => {
                const value = values[index] ?? null;
                return value === null ? "–" : format(value);
              },
            })),
          ]}
        />
      </details>
    </figure>
  );
}

function Bars(props: {
  readonly spans: readonly string[];
  readonly series: readonly Series[];
  readonly top: number;
}): JSX.Element {
  const { spans, series, top } = props;
  const step = WIDTH / Math.max(spans.length, 1);
  return (
    <>
      {spans.map((span, index) => {
        let below = 0;
        return series.map(({ name, colour, values }) => {
          const height = (HEIGHT * (values[index] ?? 0)) / top;
          below += height;
          return height === 0 ? null : (
            <rect
              key={span + name}
              class={colour}
              x={index * step + step * 0.1}
              width={step * 0.8}
              y={HEIGHT - below}
              height={height}
            />
          );
        });
      })}
    </>
  );
}

/** A line breaks where nothing is known: nothing happened there, which is not zero. */
function Lines({ series, top }: { readonly series: readonly Series[]; readonly top: number }): JSX.Element {
  return (
    <>
      {series.map(({ name, colour, values }) => {
        const step = WIDTH / Math.max(values.length, 1);
        let isOpen = false;
        const path = values.map((value, index) => {
          if (value === null) {
            isOpen = false;
            return "";
          }
          const height = HEIGHT - (HEIGHT * value) / top;
          // A step: a value holds for its whole span, and one alone is still seen.
          const command = `${isOpen ? `V${height}` : `M${index * step} ${height}`}H${(index + 1) * step}`;
          isOpen = true;
          return command;
        });
        return (
          <path key={name} class={`line ${colour}`} d={path.join("")} vector-effect="non-scaling-stroke" />
        );
      })}
    </>
  );
}

function topOf(kind: "bars" | "lines", count: number, series: readonly Series[]): number {
  const heights = Array.from({ length: count }, (_, index) => {
    const values = series.map(({ values: all }) => all[index] ?? 0);
    return kind === "bars" ? values.reduce((sum, value) => sum + value, 0) : Math.max(0, ...values);
  });
  // One, where nothing happened: a chart needs a height.
  return Math.max(...heights, 0) || 1;
}

const TIME = new Intl.DateTimeFormat("en-GB", {
  month: "short",
  day: "numeric",
  hour: "2-digit",
  minute: "2-digit",
});

function shortTime(time: string | undefined): string {
  return time === undefined ? "" : TIME.format(new Date(time));
}
