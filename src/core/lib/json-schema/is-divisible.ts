/**
 * Whether a number is a multiple of another in decimal arithmetic, as the texts say it: 19.99 is a multiple of
 * 0.01, which a division of doubles denies.
 */
export function isDivisible(value: number, by: number): boolean {
  if (Number.isSafeInteger(value) && Number.isSafeInteger(by)) return value % by === 0;
  if (by === 1) return Number.isInteger(value);
  const [a, b] = [decimal(value), decimal(by)];
  const exponent = Math.min(a.exponent, b.exponent);
  const scaled = ({ digits, exponent: own }: Decimal): bigint => digits * 10n ** BigInt(own - exponent);
  return scaled(a) % scaled(b) === 0n;
}

interface Decimal {
  readonly digits: bigint;
  /** Of ten. */
  readonly exponent: number;
}

function decimal(value: number): Decimal {
  const [mantissa = "0", exponent = "0"] = value.toExponential().split("e");
  const [whole = "0", fraction = ""] = mantissa.split(".");
  return { digits: BigInt(whole + fraction), exponent: Number(exponent) - fraction.length };
}
