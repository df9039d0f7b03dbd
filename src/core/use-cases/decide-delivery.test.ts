import { describe, expect, test } from "vitest";
import { decideDelivery, WEBHOOK_SCHEDULE_MS } from "./decide-delivery.ts";

const delivery = { id: "d", endpoint_id: "e", claim: 1, tries: 0, is_manual: false };
const AT = "2026-11-23T21:00:00.000Z";

function answer(status: number | null, headers: Record<string, string> = {}) {
  return { at: AT, took_ms: 1, status, error: status === null ? "refused" : null, headers, body: "" };
}

describe("a try", () => {
  test.each([200, 201, 204, 299])("%i is a success", (status) => {
    expect(decideDelivery(delivery, answer(status))).toMatchObject({ kind: "delivered", health: "good" });
  });

  test.each([null, 100, 301, 302, 400, 404, 500])("%s is tried again after five seconds, about", (status) => {
    const least = decideDelivery(delivery, answer(status), 0);
    const most = decideDelivery(delivery, answer(status), 0.999_999);
    expect([least, most]).toMatchObject([
      { kind: "retry", health: "bad", delay_ms: 4_500 },
      { kind: "retry", health: "bad", delay_ms: 5_500 },
    ]);
  });

  test("is the tenth at most: the schedule takes 3.15 days", () => {
    const delays = WEBHOOK_SCHEDULE_MS.map(
      (_, tries) => decideDelivery({ ...delivery, tries }, answer(500), 0.5).delay_ms,
    );
    expect(delays).toEqual(WEBHOOK_SCHEDULE_MS);
    expect(delays.reduce<number>((sum, ms = 0) => sum + ms, 0) / 86_400_000).toBeCloseTo(3.15, 2);
    expect(decideDelivery({ ...delivery, tries: 9 }, answer(500))).toMatchObject({
      kind: "failed",
      health: "bad",
    });
  });

  test("410 ends the delivery and disables the endpoint", () => {
    expect(decideDelivery(delivery, answer(410))).toMatchObject({ kind: "failed", health: "gone" });
  });

  test("abort-message ends the delivery alone", () => {
    const outcome = decideDelivery(delivery, answer(400, { "webhook-delivery": "abort-message" }));
    expect(outcome.kind).toBe("failed");
    expect(outcome.health).toBeUndefined();
  });

  test("by hand is one try, and says nothing about the endpoint", () => {
    const outcome = decideDelivery({ ...delivery, is_manual: true }, answer(500));
    expect([outcome.kind, outcome.health]).toEqual(["failed", undefined]);
  });
});

describe("Retry-After", () => {
  test.each([
    [429, "120", { delay_ms: 120_000, pause_ms: 120_000 }],
    [503, "Mon, 23 Nov 2026 21:02:00 GMT", { delay_ms: 120_000, pause_ms: 120_000 }],
    [503, "7200", { delay_ms: 7_200_000, pause_ms: 3_600_000 }],
    [503, "999999999", { delay_ms: 86_400_000, pause_ms: 3_600_000 }],
    // It asks for less than the schedule.
    [429, "1", { delay_ms: 5_000, pause_ms: 1_000 }],
    // The endpoint is not busy: only this delivery waits.
    [500, "120", { delay_ms: 120_000, pause_ms: undefined }],
    [429, "soon", { delay_ms: 5_000, pause_ms: undefined }],
  ])("%i with %s", (status, value, expected) => {
    expect(decideDelivery(delivery, answer(status, { "retry-after": value }), 0.5)).toMatchObject(expected);
  });
});
