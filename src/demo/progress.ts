import type { Priority } from "../core/model/job.ts";

export interface ProgressState {
  readonly done: number;
  readonly total: number;
  readonly waiting: Readonly<Record<Priority, number>>;
}

export interface Progress {
  update(state: ProgressState): void;
  /** Ends the line that is being redrawn, so that what follows begins on its own. */
  end(): void;
}

export type ProgressStream = NodeJS.WritableStream & {
  isTTY?: boolean | undefined;
  columns?: number | undefined;
};

const BAR_WIDTH_MAX = 24;
/** Where lines stay, one a second is enough. */
const PLAIN_EVERY_MS = 1_000;
const COLUMNS_DEFAULT = 80;
const ERASE_LINE = "\r\x1b[K";

/**
 * On a terminal one line that is redrawn at every update; elsewhere a plain line a second; without a stream
 * nothing. Time counts from the first update.
 */
export function createProgress(stream: ProgressStream | undefined): Progress {
  if (!stream) return { update: () => undefined, end: () => undefined };
  return stream.isTTY === true ? redrawn(stream) : lineByLine(stream);
}

function redrawn(stream: ProgressStream): Progress {
  let started_at: number | undefined;
  return {
    update(state) {
      started_at ??= performance.now();
      stream.write(`${ERASE_LINE}${fitLine(state, started_at, stream.columns ?? COLUMNS_DEFAULT)}`);
    },
    end() {
      if (started_at !== undefined) stream.write("\n");
    },
  };
}

function lineByLine(stream: ProgressStream): Progress {
  let started_at: number | undefined;
  let next_at = 0;
  let last: ProgressState | undefined;
  const write = (state: ProgressState): void => {
    stream.write(`  ${describe(state, started_at ?? 0)}\n`);
  };
  return {
    update(state) {
      started_at ??= performance.now();
      last = state;
      if (performance.now() < next_at) return;
      next_at = performance.now() + PLAIN_EVERY_MS;
      write(state);
    },
    end() {
      if (last) write(last);
    },
  };
}

/** A line that wraps could not be taken back: the bar gives way first, then the text is cut. */
function fitLine(state: ProgressState, started_at: number, columns: number): string {
  const text = `  ${describe(state, started_at)}`;
  const width = Math.max(0, Math.min(BAR_WIDTH_MAX, columns - 1 - text.length - 2));
  const full = state.total === 0 ? 0 : Math.floor((state.done / state.total) * width);
  return `  ${"█".repeat(full)}${"░".repeat(width - full)}${text}`.slice(0, columns - 1);
}

function describe({ done, total, waiting }: ProgressState, started_at: number): string {
  const seconds = (performance.now() - started_at) / 1_000;
  const rate = seconds === 0 ? 0 : Math.round(done / seconds);
  const counts = `${String(done).padStart(String(total).length)}/${total}  ${String(rate).padStart(4)} jobs/s`;
  const [high, medium, low] = [waiting[0], waiting[1], waiting[2]].map((count) => String(count).padStart(3));
  return `${counts}  waiting: high ${high}, medium ${medium}, low ${low}`;
}
