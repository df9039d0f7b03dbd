import { expect, test } from "vitest";
import { decimalsOf, isCurrency, toDecimal } from "./currency.ts";

test.each(["EUR", "USD", "JPY", "KWD", "CLF", "XOF", "LBP"])("%s is a currency", (code) => {
  expect(isCurrency(code)).toBe(true);
});

test.each([
  ["reserved", "XXX"],
  ["for tests", "XTS"],
  ["unknown", "ZZZ"],
  ["gone", "DEM"],
  ["gone lately", "HRK"],
  ["a metal", "XAU"],
  ["drawing rights", "XDR"],
  ["lower case", "eur"],
  ["nothing", ""],
  ["more than a code", "EUR USD"],
  ["a property of every object", "constructor"],
])("%s is none: %s", (_what, code) => {
  expect(isCurrency(code)).toBe(false);
});

test.each([
  [0, "EUR", "0.00"],
  [5, "EUR", "0.05"],
  [-1234, "EUR", "-12.34"],
  [5000, "JPY", "5000"],
  [-1, "JPY", "-1"],
  [5000, "KWD", "5.000"],
  [-7, "KWD", "-0.007"],
  [123456, "CLF", "12.3456"],
  [9_000_000_000_000_000, "USD", "90000000000000.00"],
  // Intl gives these no decimals.
  [150, "LBP", "1.50"],
])("%d minor units of %s are %s", (cents, currency, text) => {
  expect(toDecimal(cents, currency)).toBe(text);
});

test("Intl agrees on the decimals where it follows ISO 4217", () => {
  const known = new Set(Intl.supportedValuesOf("currency"));
  for (const code of ["JPY", "EUR", "KWD", "ISK", "TND"]) {
    expect(known.has(code)).toBe(true);
    const { maximumFractionDigits } = new Intl.NumberFormat("en", {
      style: "currency",
      currency: code,
    }).resolvedOptions();
    expect(decimalsOf(code)).toBe(maximumFractionDigits);
  }
});
