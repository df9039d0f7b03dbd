import { expect, test, vi } from "vitest";
import { waitFor } from "../../test/support/wait-for.ts";
import { CachedReading } from "./cached-reading.ts";

test("however often it is asked, it reads once in its interval, and once at a time", async () => {
  let count = 0;
  const read = vi.fn<() => Promise<number>>(async () => Promise.resolve((count += 1)));
  const reading = new CachedReading(read, { every_ms: 60_000 });
  expect(await Promise.all(Array.from({ length: 50 }, () => reading.get()))).toEqual(Array(50).fill(1));
  expect(await reading.get()).toBe(1);
  expect(read).toHaveBeenCalledTimes(1);
});

test("it reads again when the interval is over", async () => {
  let count = 0;
  const reading = new CachedReading(async () => Promise.resolve((count += 1)), { every_ms: 20 });
  expect(await reading.get()).toBe(1);
  await waitFor(async () => (await reading.get()) === 2, { describe: "a second reading" });
});

test("after a read that took long, the pause is 20 times as long", async () => {
  const ends: ((value: number) => void)[] = [];
  const read = vi.fn<() => Promise<number>>(
    async () => await new Promise((resolve) => void ends.push(resolve)),
  );
  const clock = vi.spyOn(performance, "now").mockReturnValue(1_000);
  try {
    const reading = new CachedReading(read, { every_ms: 10 });
    const first = reading.get();
    clock.mockReturnValue(1_500);
    ends[0]?.(1);
    expect(await first).toBe(1);
    clock.mockReturnValue(1_500 + 9_999);
    expect(await reading.get()).toBe(1);
    expect(read).toHaveBeenCalledTimes(1);
    clock.mockReturnValue(1_500 + 10_000);
    void reading.get();
    expect(read).toHaveBeenCalledTimes(2);
  } finally {
    clock.mockRestore();
  }
});

test("what failed is undefined, not what was read before, and is not tried again at once", async () => {
  const read = vi.fn<() => Promise<number>>().mockResolvedValueOnce(1).mockRejectedValue(new Error("away"));
  const clock = vi.spyOn(performance, "now").mockReturnValue(1_000);
  try {
    const reading = new CachedReading(read, { every_ms: 10 });
    expect(await reading.get()).toBe(1);
    clock.mockReturnValue(1_010);
    expect(await reading.get()).toBeUndefined();
    expect(await reading.get()).toBeUndefined();
    expect(read).toHaveBeenCalledTimes(2);
  } finally {
    clock.mockRestore();
  }
});

test("who asks does not wait for a read that takes long, gets what was read before, and later the new", async () => {
  let end = (_value: number): void => undefined;
  const read = vi.fn<() => Promise<number>>().mockResolvedValueOnce(1);
  read.mockImplementation(async () => await new Promise((resolve) => (end = resolve)));
  const clock = vi.spyOn(performance, "now").mockReturnValue(1_000);
  try {
    const reading = new CachedReading(read, { every_ms: 10, wait_ms: 30 });
    expect(await reading.get()).toBe(1);
    clock.mockReturnValue(1_010);
    expect(await reading.get()).toBe(1);
    end(2);
    await waitForTurn();
    expect(await reading.get()).toBe(2);
    expect(read).toHaveBeenCalledTimes(2);
  } finally {
    clock.mockRestore();
  }
});

test("of a first read that hangs, who asks gets nothing", async () => {
  const reading = new CachedReading(async () => await new Promise<number>(() => undefined), { wait_ms: 30 });
  expect(await reading.get()).toBeUndefined();
});

/** Promises that are settled have called whoever waits for them. */
async function waitForTurn(): Promise<void> {
  await new Promise((resolve) => void setImmediate(resolve));
}
