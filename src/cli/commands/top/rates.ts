import type { EndedStatus, Span } from "../../../core/model/figures.ts";

type Ended = Readonly<Record<EndedStatus, number>>;

/** How many jobs ended a second, by how, in the last `window_seconds`. */
export interface Rates extends Ended {
  readonly window_seconds: number;
}

/** How far back the rates look, once there were readings for so long. */
const WINDOW_MS = 10_000;
const MINUTE_SECONDS = 60;

interface Reading {
  readonly at_ms: number;
  /** Since the first reading. */
  readonly ended: Ended;
}

/**
 * Rates from figures by the minute, which are read again and again. The first reading has nothing to compare
 * with: it gives the mean of this minute and the last.
 */
export class EndedRates {
  #spans = new Map<string, Ended>();
  #readings: Reading[] = [];

  /** `at_ms`: when the spans were read, by the database's clock. */
  read(spans: readonly Span[], at_ms: number): Rates {
    const before = this.#readings.at(-1);
    const ended = before ? plus(before.ended, this.#newIn(spans)) : NONE;
    this.#spans = new Map(spans.map((span) => [span.starts_at, span.ended]));
    this.#readings = [...this.#readings, { at_ms, ended }];
    while (this.#readings.length > 2 && (this.#readings[1]?.at_ms ?? at_ms) <= at_ms - WINDOW_MS)
      this.#readings.shift();
    const [oldest] = this.#readings;
    const window_seconds = (at_ms - (oldest?.at_ms ?? at_ms)) / 1_000;
    if (!oldest || window_seconds <= 0) return meanOf(spans, at_ms);
    return { ...times(minus(ended, oldest.ended), 1 / window_seconds), window_seconds };
  }

  /** What the spans have more than at the reading before. A span that is new has all of it. */
  #newIn(spans: readonly Span[]): Ended {
    return spans.reduce(
      (sum, span) => plus(sum, minus(span.ended, this.#spans.get(span.starts_at) ?? NONE)),
      NONE,
    );
  }
}

/** Charged a minute, by currency: the mean of this minute and the last. */
export function chargedPerMinute(spans: readonly Span[], at_ms: number): ReadonlyMap<string, number> {
  const recent = spans.slice(-2);
  const charged = new Map<string, number>();
  for (const { currency, charged_cents } of recent.flatMap(({ money }) => money))
    charged.set(currency, (charged.get(currency) ?? 0) + charged_cents);
  const minutes = lengthOf(recent, at_ms) / MINUTE_SECONDS;
  return new Map([...charged].map(([currency, cents]) => [currency, Math.round(cents / minutes)]));
}

function meanOf(spans: readonly Span[], at_ms: number): Rates {
  const recent = spans.slice(-2);
  const window_seconds = lengthOf(recent, at_ms);
  const sum = recent.reduce((all, { ended }) => plus(all, ended), NONE);
  return { ...times(sum, 1 / window_seconds), window_seconds };
}

function lengthOf([first]: readonly Span[], at_ms: number): number {
  return first === undefined ? MINUTE_SECONDS : Math.max(1, (at_ms - Date.parse(first.starts_at)) / 1_000);
}

const NONE: Ended = { succeeded: 0, failed: 0, cancelled: 0 };

function plus(a: Ended, b: Ended): Ended {
  return {
    succeeded: a.succeeded + b.succeeded,
    failed: a.failed + b.failed,
    cancelled: a.cancelled + b.cancelled,
  };
}

function times(a: Ended, factor: number): Ended {
  return {
    succeeded: a.succeeded * factor,
    failed: a.failed * factor,
    cancelled: a.cancelled * factor,
  };
}

function minus(a: Ended, b: Ended): Ended {
  return plus(a, times(b, -1));
}
