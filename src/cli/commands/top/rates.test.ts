import { expect, test } from "vitest";
import type { Span } from "../../../core/model/figures.ts";
import { chargedPerMinute, EndedRates } from "./rates.ts";

const NOTHING = { p50: null, p95: null, p99: null };

function span(minute: number, succeeded: number, failed = 0, charged_cents = 0): Span {
  return {
    starts_at: `2026-11-27T12:0${minute}:00Z`,
    ended: { succeeded, failed, cancelled: 0 },
    wait_seconds: NOTHING,
    run_seconds: NOTHING,
    money: [{ currency: "EUR", charged_cents, refunded_cents: 0, topped_up_cents: 0 }],
  };
}

const at = (minute: number, second: number): number =>
  Date.parse(`2026-11-27T12:0${minute}:${String(second).padStart(2, "0")}Z`);

test("the first reading gives the mean of this minute and the last", () => {
  const rates = new EndedRates();
  expect(rates.read([span(1, 999), span(2, 60), span(3, 30, 9)], at(3, 30))).toEqual({
    succeeded: 1,
    failed: 0.1,
    cancelled: 0,
    window_seconds: 90,
  });
});

test("later ones give what came since, over ten seconds at most, across the end of a minute", () => {
  const rates = new EndedRates();
  rates.read([span(2, 60), span(3, 30)], at(3, 50));
  expect(rates.read([span(2, 60), span(3, 50, 4)], at(3, 52))).toEqual({
    succeeded: 10,
    failed: 2,
    cancelled: 0,
    window_seconds: 2,
  });
  // A late count of the minute before, and a minute that is new.
  expect(rates.read([span(3, 80, 4), span(4, 20)], at(4, 0))).toMatchObject({
    succeeded: 7,
    window_seconds: 10,
  });
  expect(rates.read([span(3, 80, 4), span(4, 20)], at(4, 8))).toMatchObject({
    succeeded: 50 / 16,
    window_seconds: 16,
  });
  expect(rates.read([span(3, 80, 4), span(4, 20)], at(4, 12))).toMatchObject({
    succeeded: 0,
    window_seconds: 12,
  });
});

test("money is charged a minute, in the same two minutes", () => {
  const spans = [span(1, 0, 0, 9_999), span(2, 0, 0, 600), span(3, 0, 0, 300)];
  expect(chargedPerMinute(spans, at(3, 30))).toEqual(new Map([["EUR", 600]]));
  expect(chargedPerMinute([], at(3, 30))).toEqual(new Map());
});
