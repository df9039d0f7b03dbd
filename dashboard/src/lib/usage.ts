import type { Api } from "../api-types.gen.ts";

type Usage = Api["Usage"];
type Row = Usage["data"][number];

export interface UsageSum {
  readonly succeeded: number;
  readonly failed: number;
  readonly cancelled: number;
  readonly charged_cents: number;
}

const LENGTH_MS = { hour: 60 * 60 * 1_000, day: 24 * 60 * 60 * 1_000 } as const;

/** The sums of each span, oldest first, those in which nothing ended among them. Days are those of UTC. */
export function bySpan({ data, bucket, from, to }: Usage): (UsageSum & { readonly starts_at: string })[] {
  const length_ms = LENGTH_MS[bucket];
  const spans = [];
  for (let at = Math.floor(Date.parse(from) / length_ms) * length_ms; at < Date.parse(to); at += length_ms)
    spans.push({
      starts_at: new Date(at).toISOString(),
      ...sum(data.filter((row) => Date.parse(row.starts_at) === at)),
    });
  return spans;
}

/** The sums of each job type, the dearest first. */
export function byType({ data }: Usage): (UsageSum & { readonly id: string; readonly name: string })[] {
  const ids = [...new Set(data.map((row) => row.job_type_id))];
  return ids
    .map((id) => {
      const rows = data.filter((row) => row.job_type_id === id);
      return { id, name: rows[0]?.job_type ?? id, ...sum(rows) };
    })
    .toSorted((one, other) => other.charged_cents - one.charged_cents || other.succeeded - one.succeeded);
}

export function sum(rows: readonly Row[]): UsageSum {
  const total = { succeeded: 0, failed: 0, cancelled: 0, charged_cents: 0 };
  for (const row of rows) {
    total.succeeded += row.succeeded;
    total.failed += row.failed;
    total.cancelled += row.cancelled;
    total.charged_cents += row.charged_cents;
  }
  return total;
}
