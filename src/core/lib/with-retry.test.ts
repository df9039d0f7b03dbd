import { expect, test } from "vitest";
import { PlatformError } from "./errors.ts";
import { withRetry } from "./with-retry.ts";

test("what is away for a moment is tried again until it answers", async () => {
  let tries = 0;
  const answer = await withRetry(
    () => {
      tries += 1;
      return tries < 3 ? Promise.reject(new PlatformError("unavailable", "away")) : Promise.resolve("here");
    },
    { for_ms: 10_000 },
  );
  expect([answer, tries]).toEqual(["here", 3]);
});

test("what will not get better is not tried again", async () => {
  let tries = 0;
  const run = () => {
    tries += 1;
    return Promise.reject(new PlatformError("not_found", "no"));
  };
  await expect(withRetry(run, { for_ms: 10_000 })).rejects.toMatchObject({ code: "not_found" });
  expect(tries).toBe(1);
});

test("the last error is thrown once the time is up", async () => {
  await expect(
    withRetry(() => Promise.reject(new PlatformError("unavailable", "away")), { for_ms: 120 }),
  ).rejects.toMatchObject({ code: "unavailable" });
});

test("an attempt that does not answer is not waited for beyond the time, and what it does later bothers nobody", async () => {
  let fail = (_error: Error): void => undefined;
  const hanging = new Promise<never>((_resolve, reject) => (fail = reject));
  const started_at = performance.now();
  await expect(withRetry(() => hanging, { for_ms: 60 })).rejects.toMatchObject({ code: "unavailable" });
  expect(performance.now() - started_at).toBeLessThan(1_000);
  fail(new Error("late"));
});

test("an answer that came while the loop was blocked past the time counts", async () => {
  const answered = new Promise<string>((resolve) => void setTimeout(() => setImmediate(resolve, "here"), 1));
  const answer = withRetry(() => answered, { for_ms: 20 });
  const blockedUntil = performance.now() + 50;
  while (performance.now() < blockedUntil);
  expect(await answer).toBe("here");
});
