import { expect, test } from "vitest";
import { RETRY_AFTER_MAX_MS } from "../../core/model/limits.ts";
import { fromThrown } from "../remote/remote-message.ts";
import { FatalError } from "./fatal-error.ts";
import { RetryAfter, retryDelayOf } from "./retry-after.ts";
import { describeThrown } from "./thrown.ts";

test("it says how long the next attempt waits, up to a bound", () => {
  expect(retryDelayOf(new RetryAfter("busy", { delay_ms: 30_000.4 }))).toBe(30_000);
  expect(retryDelayOf(new RetryAfter("busy", { delay_ms: 0 }))).toBe(0);
  expect(retryDelayOf(new RetryAfter("busy", { delay_ms: Infinity }))).toBe(RETRY_AFTER_MAX_MS);
});

test.each([-1, Number.NaN, "30 s", undefined, 5n])("%s is no time", (delay_ms) => {
  // What JavaScript authors can write.
  const options = { delay_ms } as { delay_ms: number };
  expect(() => new RetryAfter("busy", options)).toThrow(/delay_ms is .*; it must be milliseconds, 0 or more/);
});

test("no other error has a delay, whatever it is", () => {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  const forged = Object.assign(new RetryAfter("busy", { delay_ms: 1 }), { delay_ms: "soon" });
  for (const thrown of [new Error("no"), new FatalError("no"), { delay_ms: 5 }, null, "busy", proxy, forged])
    expect(retryDelayOf(thrown)).toBeUndefined();
});

test("it comes through from another thread or process", () => {
  const thrown = describeThrown(new RetryAfter("busy", { delay_ms: 5_000, code: "service_busy" }));
  expect(structuredClone(thrown)).toMatchObject({
    kind: "retry_after",
    delay_ms: 5_000,
    code: "service_busy",
    message: "busy",
  });
  expect(retryDelayOf(fromThrown(structuredClone(thrown)))).toBe(5_000);
});
