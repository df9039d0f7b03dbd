const formats = new Map<string, { readonly format: Intl.NumberFormat; readonly digits: number }>();

/** An amount of minor units, exactly: 1234 of EUR is €12.34, of JPY ¥1,234. */
export function money(cents: number | null | undefined, currency: string | null | undefined): string {
  if (cents === null || cents === undefined) return "–";
  if (!currency) return `${cents} minor units`;
  const { format, digits } = formatOf(currency);
  // A narrow box may break the line between the currency and the figure, but not in the figure.
  return format.format(decimalOf(cents, digits)).replaceAll("\u00a0", " ");
}

/** `12.34` typed by a person as minor units; undefined when it is no amount of that currency. */
export function parseMoney(text: string, currency: string): number | undefined {
  const { digits } = formatOf(currency);
  const match = /^(-?)(\d{1,13})(?:[.,](\d+))?$/.exec(text.trim());
  if (!match) return undefined;
  const [, sign = "", whole = "", fraction = ""] = match;
  if (fraction.length > digits) return undefined;
  return Number(sign + whole + fraction.padEnd(digits, "0"));
}

/** An amount as `parseMoney` reads it. */
export function editableMoney(cents: number | null, currency: string): string {
  return cents === null ? "" : decimalOf(cents, formatOf(currency).digits);
}

// The types know no other form of a decimal number that is written out.
function decimalOf(cents: number, digits: number): `${number}` {
  const text = Math.abs(cents)
    .toString()
    .padStart(digits + 1, "0");
  const whole = text.slice(0, text.length - digits);
  return `${cents < 0 ? "-" : ""}${whole}${digits === 0 ? "" : `.${text.slice(-digits)}`}` as `${number}`;
}

function formatOf(currency: string): { readonly format: Intl.NumberFormat; readonly digits: number } {
  const known = formats.get(currency);
  if (known) return known;
  const format = new Intl.NumberFormat("en", { style: "currency", currency, currencyDisplay: "code" });
  const made = { format, digits: format.resolvedOptions().maximumFractionDigits ?? 2 };
  formats.set(currency, made);
  return made;
}
