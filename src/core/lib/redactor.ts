export const REDACTED = "[redacted]";
/** An end of a text that is cut off may be the beginning of a secret: so much of one is taken for it. */
const PART_MIN = 4;
/** Stands where a text was cut. */
const CUT_MARK = "…";

/** Replaces secrets in texts. */
export interface Redactor {
  /** `isCut`: the text may begin or end in the middle of a secret. */
  redact(text: string, isCut?: boolean): string;
}

/** Hides all of every text: for inputs with more secrets than can be looked for. */
export const hidesAll: Redactor = { redact: () => REDACTED };

/**
 * Returns what replaces these values in a text, also where they are written as JSON or in an address. Of a
 * value of several lines each line is one of its own, because logs are written line by line. Undefined when
 * no value is long enough to be looked for.
 */
export function createRedactor(values: readonly string[], lengthMin: number): Redactor | undefined {
  const forms = new Set<string>();
  for (const value of values) {
    for (const line of [value, ...value.split(/[\r\n]+/)]) {
      if (line.trim().length < lengthMin) continue;
      for (const form of formsOf(line)) forms.add(form);
    }
  }
  if (forms.size === 0) return undefined;
  // Longest first: one may be a part of another.
  const secrets = [...forms].toSorted((a, b) => b.length - a.length);
  return {
    redact(text, isCut = false) {
      let shown = text;
      for (const secret of secrets) {
        if (shown.includes(secret)) shown = shown.replaceAll(secret, () => REDACTED);
      }
      if (!isCut) return shown;
      const isMarked = shown.endsWith(CUT_MARK);
      return isMarked
        ? withoutParts(shown.slice(0, -CUT_MARK.length), secrets) + CUT_MARK
        : withoutParts(shown, secrets);
    },
  };
}

function formsOf(text: string): string[] {
  const json = JSON.stringify(text).slice(1, -1);
  const ascii = json.replaceAll(
    /[\u0080-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  return [text, text.trim(), json, ascii, encodeURIComponent(text.toWellFormed())];
}

/** A text that was cut may end with the beginning of a secret, begin with the end of one, or be a piece of one. */
function withoutParts(text: string, secrets: readonly string[]): string {
  let shown = text;
  for (const secret of secrets) {
    if (shown.length >= PART_MIN && secret.includes(shown)) return REDACTED;
    const atEnd = overlap(shown, secret);
    if (atEnd >= PART_MIN) shown = shown.slice(0, -atEnd) + REDACTED;
    const atStart = overlap(secret, shown);
    if (atStart >= PART_MIN) shown = REDACTED + shown.slice(atStart);
  }
  return shown;
}

/** How many characters at the end of `first` are also the beginning of `second` (Knuth, Morris and Pratt). */
function overlap(first: string, second: string): number {
  const end = first.slice(-second.length);
  const pattern = second.slice(0, end.length);
  const borders = new Uint32Array(pattern.length);
  for (let n = 1, matched = 0; n < pattern.length; n += 1) {
    while (matched > 0 && pattern[n] !== pattern[matched]) matched = borders[matched - 1] ?? 0;
    if (pattern[n] === pattern[matched]) matched += 1;
    borders[n] = matched;
  }
  let matched = 0;
  for (const character of end.split("")) {
    if (matched === pattern.length) matched = borders[matched - 1] ?? 0;
    while (matched > 0 && character !== pattern[matched]) matched = borders[matched - 1] ?? 0;
    if (character === pattern[matched]) matched += 1;
  }
  return matched;
}
