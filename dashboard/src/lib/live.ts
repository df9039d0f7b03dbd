import { effect, signal } from "@preact/signals";
import { askText, awaySince } from "./http.ts";
import { parseExact } from "./exact-json.ts";
import { Away } from "./problem.ts";

/** Whether pages keep themselves up to date. The key `r` turns it off, to read in peace. */
export const isLive = signal(true);

const AWAY_WAIT_MAX_MS = 10_000;

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

/**
 * Asks for `path` now and then again every `every_ms` (0: never): not while the page is hidden, not while
 * live is off, and with growing pauses while the API is away. Tells only what differs from the last answer.
 */
export function watch<T>(path: string, every_ms: number, tell: (answer: Answer<T>) => void): Watching {
  let stopped = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let asking: AbortController | undefined;
  let failures = 0;
  let last: { readonly text: string; readonly data: T } | undefined;

  const ask = async (): Promise<void> => {
    clearTimeout(timer);
    asking?.abort();
    const mine = new AbortController();
    asking = mine;
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
    }
    plan();
  };
  const plan = (): void => {
    clearTimeout(timer);
    const isAway = failures > 0;
    if (stopped || document.hidden || (!isAway && (every_ms === 0 || !isLive.value))) return;
    const wait_ms = isAway ? Math.min(500 * 2 ** Math.min(failures, 8), AWAY_WAIT_MAX_MS) : every_ms;
    timer = setTimeout(() => void ask(), wait_ms);
  };
  const onShown = (): void => {
    if (document.hidden) clearTimeout(timer);
    else if (failures > 0 || (every_ms > 0 && isLive.value)) void ask();
  };

  document.addEventListener("visibilitychange", onShown);
  const forgetLive = effect(() => {
    if (isLive.value) plan();
    else clearTimeout(timer);
  });
  // Somebody else's answer proves that the API is back: those that wait need not.
  const forgetAway = effect(() => {
    if (awaySince.value === undefined && failures > 0 && !stopped) setTimeout(() => void (stopped || ask()));
  });
  void ask();
  return {
    reload: () => void ask(),
    stop: () => {
      stopped = true;
      clearTimeout(timer);
      asking?.abort();
      document.removeEventListener("visibilitychange", onShown);
      forgetLive();
      forgetAway();
    },
  };
}
