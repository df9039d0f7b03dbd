import { setImmediate as nextRound } from "node:timers/promises";
import { expect, test } from "vitest";
import type { FeedPage } from "../model/event-feed.ts";
import { FEED_CHANGES_MAX, FEED_WAVE } from "../model/limits.ts";
import { waitFor } from "../../../test/support/wait-for.ts";
import { FeedAudience, FeedReader, Waves } from "./feed-audience.ts";

const audienceOf = (...readers: FeedReader[]): FeedAudience => {
  const audience = new FeedAudience(new Waves(), () => 50);
  for (const reader of readers) audience.readers.add(reader);
  return audience;
};

test("changes of a moment are told together, and no more are named than a bounded number", async () => {
  const reader = new FeedReader();
  const audience = audienceOf(reader);
  for (let n = 0; n < FEED_CHANGES_MAX + 1; n += 1) audience.change(`job ${n}`);
  const changed = await waitFor(() => reader.takeChanged(), { describe: "the change" });
  expect(changed.job_ids).toHaveLength(FEED_CHANGES_MAX);
  expect(changed.others).toBe(true);
  audience.change("one");
  audience.change("one");
  expect(await waitFor(() => reader.takeChanged(), { describe: "the next change" })).toEqual({
    job_ids: ["one"],
    others: false,
  });
});

test("of a reader that takes nothing, only that something changed is kept", async () => {
  const [slow, quick] = [new FeedReader(), new FeedReader()];
  const audience = audienceOf(slow, quick);
  for (const job of ["one", "two"]) {
    audience.change(job);
    expect(await waitFor(() => quick.takeChanged(), { describe: "a change" })).toEqual({
      job_ids: [job],
      others: false,
    });
  }
  expect(slow.takeChanged()).toEqual({ job_ids: [], others: true });
});

test("a page is read once for all who ask for it, and anew when there is more", async () => {
  const audience = audienceOf();
  let asked = 0;
  const list = async (): Promise<FeedPage> => {
    asked += 1;
    return await Promise.resolve({ events: [], position: { seq: asked, nth: 0 }, more: false });
  };
  const at = { seq: 1, nth: 0 };
  await Promise.all(Array.from({ length: 10 }, () => audience.read(at, list)));
  expect(asked).toBe(1);
  audience.grew();
  await audience.read(at, list);
  expect(asked).toBe(2);
});

test("a page that could not be read is asked for again", async () => {
  const audience = audienceOf();
  const at = { seq: 1, nth: 0 };
  const page = { events: [], position: at, more: false };
  await expect(audience.read(at, () => Promise.reject(new Error("away")))).rejects.toThrow("away");
  expect(await audience.read(at, () => Promise.resolve(page))).toBe(page);
});

test("readers of any number of audiences are woken so many at a time, and all are", async () => {
  const waves = new Waves();
  const readers = Array.from({ length: 20 }, () => Array.from({ length: FEED_WAVE }, () => new FeedReader()));
  const perRound: number[] = [];
  let woken = 0;
  const watched = new AbortController();
  const watch = (async () => {
    while (!watched.signal.aborted) {
      await nextRound();
      perRound.push(woken);
      woken = 0;
    }
  })();
  await Promise.all(readers.map((own) => waves.wakeAll(own, () => void (woken += 1))));
  watched.abort();
  await watch;
  expect(Math.max(...perRound)).toBe(FEED_WAVE);
  expect(perRound.reduce((sum, count) => sum + count, 0)).toBe(20 * FEED_WAVE);
});
