import { expect, test } from "vitest";
import { EventNumbers, type JobEvent, type JobOutline, type ToldRow } from "./job-event.ts";

const CREATED: JobOutline = {
  status: "pending",
  attempt: 0,
  errors: [],
  error: null,
  cost_cents: null,
  created_at: "2026-11-23T21:06:45Z",
  started_at: null,
  completed_at: null,
  lastSeqs: new Map(),
};
const at = "2026-11-23T21:06:46Z";
const failure = (attempt: number, code = "bad") => ({ attempt, code, message: "no", at, runner_id: null });
const row = (attempt: number, seq: number, level: ToldRow["level"] = "info"): ToldRow => ({
  attempt,
  seq,
  at,
  level,
  fraction: level === null ? 0.5 : null,
  message: `${attempt}.${seq}`,
});

/** All events of a job, read from `after` on in parts of `limit` rows. */
function read(job: Partial<JobOutline>, rows: readonly ToldRow[], after = 0, limit = 100): JobEvent[] {
  const lastSeqs = new Map<number, number>();
  for (const { attempt, seq } of rows) lastSeqs.set(attempt, seq);
  const numbers = new EventNumbers({ ...CREATED, ...job, lastSeqs });
  const events: JobEvent[] = [];
  for (let last = after; ;) {
    const from = numbers.positionOf(last);
    const found = rows.filter(
      (one) => one.attempt > from.attempt || (one.attempt === from.attempt && one.seq > from.seq),
    );
    const part = numbers.after(last, found.slice(0, limit), found.length > limit);
    events.push(...part);
    last = part.at(-1)?.id ?? last;
    if (found.length <= limit) return events;
  }
}

const shown = (events: readonly JobEvent[]) =>
  events.map((event) => `${event.id} ${event.type}${event.type === "log" ? ` ${event.message}` : ""}`);

/** A job as it is seen one moment after the other. */
const LIFE: readonly [Partial<JobOutline>, readonly ToldRow[]][] = [
  [{}, []],
  [{ status: "running", attempt: 1, started_at: at }, []],
  [{ status: "running", attempt: 1, started_at: at }, [row(1, 1), row(1, 2, null)]],
  [{ status: "pending", attempt: 1, errors: [failure(1)] }, [row(1, 1), row(1, 2, null), row(1, 3)]],
  [{ status: "running", attempt: 2, errors: [failure(1)] }, [row(1, 1), row(1, 2, null), row(1, 3)]],
  // Given back.
  [
    { status: "pending", attempt: 2, errors: [failure(1)] },
    [row(1, 1), row(1, 2, null), row(1, 3), row(2, 1)],
  ],
  [
    { status: "running", attempt: 3, errors: [failure(1)] },
    [row(1, 1), row(1, 2, null), row(1, 3), row(2, 1)],
  ],
  [
    { status: "failed", attempt: 3, errors: [failure(1), failure(3)], error: failure(3), completed_at: at },
    [row(1, 1), row(1, 2, null), row(1, 3), row(2, 1), row(3, 1)],
  ],
];

test("the events of a whole life", () => {
  const [job, rows] = LIFE.at(-1) ?? [{}, []];
  expect(shown(read(job, rows))).toEqual([
    "1 queued",
    "2 started",
    "3 log 1.1",
    "4 progress",
    "5 log 1.3",
    "6 attempt_failed",
    "7 started",
    "8 log 2.1",
    "9 queued",
    "10 started",
    "11 log 3.1",
    "12 attempt_failed",
    "13 done",
  ]);
});

test("events are only added behind the last one, and each keeps its id", () => {
  let before: string[] = [];
  for (const [job, rows] of LIFE) {
    const now = shown(read(job, rows));
    expect(now.slice(0, before.length)).toEqual(before);
    before = now;
  }
});

test("read from any event on, in parts of any size, none is missing and none comes twice", () => {
  for (const [job, rows] of LIFE) {
    const all = shown(read(job, rows));
    for (let after = 0; after <= all.length + 2; after += 1)
      for (const limit of [1, 2, 3, 100])
        expect(shown(read(job, rows, after, limit))).toEqual(all.slice(after));
  }
});

test("a job that is cancelled while it waits ends behind what there was", () => {
  expect(shown(read({ status: "cancelled", completed_at: at }, []))).toEqual(["1 queued", "2 done"]);
  const waited = { status: "cancelled", attempt: 1, errors: [failure(1)], completed_at: at } as const;
  expect(shown(read(waited, [row(1, 1)])).slice(-2)).toEqual(["4 attempt_failed", "5 done"]);
  const ran = { status: "cancelled", attempt: 1, completed_at: at } as const;
  expect(shown(read(ran, [row(1, 1)])).slice(-2)).toEqual(["3 log 1.1", "4 done"]);
});

test("of errors that are not kept any more, the events keep their ids", () => {
  const errors = Array.from({ length: 20 }, (_, n) => failure(n + 6));
  const events = read({ status: "pending", attempt: 25, errors }, []);
  expect(events).toHaveLength(51);
  expect(events[2]).toMatchObject({ id: 3, type: "attempt_failed", error: null, at: null });
  expect(events[50]).toMatchObject({ id: 51, type: "attempt_failed", error: { code: "bad" }, at });
});

test("the stack of an error is not told", () => {
  const error = { ...failure(1), stack: "at /srv" };
  const events = read({ status: "failed", attempt: 1, errors: [error], error, completed_at: at }, []);
  expect(JSON.stringify(events)).not.toContain("/srv");
});
