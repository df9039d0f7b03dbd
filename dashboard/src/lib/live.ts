import { effect } from "@preact/signals";
import { areChangesTold, isLive, listen } from "./changes.ts";
import { askText, awaySince } from "./http.ts";
import { parseExact } from "./exact-json.ts";
import { Away } from "./problem.ts";

const AWAY_WAIT_MAX_MS = 10_000;
/** How often is asked where changes are told: one may be lost, and not all that is shown is told. */
const TOLD_EVERY_MS = 15_000;
/** How far apart two questions are, however much is told. */
const TOLD_APART_MS = 500;

export interface Answer<T> {
  readonly data?: T;
  readonly error?: Error;
  /** When `data` was known to be true. */
  readonly at?: number;
}

export interface Watching {
  /** Asks again now, also while nothing is live. */
  reload(): void;
  stop(): void;
}

export interface Rhythm {
  /** How often is asked where no changes are told. 0: never again. */
  readonly every_ms: number;
  /** What it shows: `jobs`, or the id of a job. It asks again when a change of it is told. */
  readonly of?: string | undefined;
  /** How far apart it then asks at least. */
  readonly apart_ms?: number | undefined;
  /** How often it asks where changes are told. */
  readonly told_every_ms?: number | undefined;
}

/**
 * Asks for `path` now and then again as its rhythm says: not while the page is hidden, not while live is off,
 * and with growing pauses while the API is away. Tells only what differs from the last answer.
 */
export function watch<T>(
  path: string,
  { every_ms, of, apart_ms = TOLD_APART_MS, told_every_ms = TOLD_EVERY_MS }: Rhythm,
  tell: (answer: Answer<T>) => void,
): Watching {
  let stopped = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let asking: AbortController | undefined;
  let asked_at = -Infinity;
  /** A change was told that the last answer may not show. */
  let hasNews = false;
  let failures = 0;
  let last: { readonly text: string; readonly data: T } | undefined;

  const ask = async (): Promise<void> => {
    clearTimeout(timer);
    asking?.abort();
    const mine = new AbortController();
    asking = mine;
    hasNews = false;
    asked_at = performance.now();
    try {
      const text = await askText(path, { signal: mine.signal });
      failures = 0;
      // The same object for the same text: nothing that shows it is drawn again. The route says what it is.
      if (last?.text !== text) last = { text, data: parseExact(text) as T };
      tell({ data: last.data, at: Date.now() });
    } catch (error) {
      if (mine.signal.aborted) return;
      failures += 1;
      tell({
        ...(last ? { data: last.data } : {}),
        error: error instanceof Error ? error : new Error(String(error)),
      });
      // Refused is refused: asking again would be refused again.
      if (!(error instanceof Away)) return;
    } finally {
      if (asking === mine) asking = undefined;
    }
    plan();
  };
  const wait_ms = (): number => {
    if (failures > 0) return Math.min(500 * 2 ** Math.min(failures, 8), AWAY_WAIT_MAX_MS);
    if (hasNews) return Math.max(0, asked_at + apart_ms - performance.now());
    return of !== undefined && areChangesTold.value ? Math.max(told_every_ms, every_ms) : every_ms;
  };
  const plan = (): void => {
    clearTimeout(timer);
    // The end of what is asked for plans what comes then.
    if (asking || stopped || document.hidden || (failures === 0 && (every_ms === 0 || !isLive.value))) return;
    timer = setTimeout(() => void ask(), wait_ms());
  };
  const onShown = (): void => {
    if (document.hidden) clearTimeout(timer);
    else if (failures > 0 || (every_ms > 0 && isLive.value)) void ask();
  };
  const hear = (): void => {
    if (hasNews || every_ms === 0) return;
    hasNews = true;
    // What is asked for just now may be of before: it is asked again after that, not instead.
    plan();
  };

  document.addEventListener("visibilitychange", onShown);
  const forgetLive = effect(() => {
    // Also when changes are told from now on, or no longer.
    void areChangesTold.value;
    if (isLive.value) plan();
    else clearTimeout(timer);
  });
  // Somebody else's answer proves that the API is back: those that wait need not.
  const forgetAway = effect(() => {
    if (awaySince.value === undefined && failures > 0 && !stopped) setTimeout(() => void (stopped || ask()));
  });
  const unlisten = of === undefined ? () => undefined : listen(of, hear);
  void ask();
  return {
    reload: () => void ask(),
    stop: () => {
      stopped = true;
      clearTimeout(timer);
      asking?.abort();
      document.removeEventListener("visibilitychange", onShown);
      unlisten();
      forgetLive();
      forgetAway();
    },
  };
}
