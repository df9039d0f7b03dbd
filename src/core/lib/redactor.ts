import { findText, overlap } from "./find-text.ts";

export const REDACTED = "[redacted]";
/** An end of a text that is cut off may be the beginning of a secret: so much of one is taken for it. */
const PART_MIN = 4;
/** Stands where a text was cut: an ellipsis, or half a character. */
const CUT_MARK = /[…\uFFFD]/;
const CUT_MARK_OR_BREAK = /[…\uFFFD\n]/;

/** Replaces secrets in texts. */
export interface Redactor {
  /**
   * `isCut`: the text may begin or end in the middle of a secret, and so may each of its lines. Where a mark says so,
   * every text may.
   */
  redact(text: string, isCut?: boolean): string;
}

interface Bounds {
  /** Characters of the shortest value that is looked for. */
  readonly lengthMin: number;
  /** Texts that are looked for, and lines of one value. */
  readonly formsMax: number;
}

/** Hides all of every text: for inputs with more secrets than can be looked for. */
export const hidesAll: Redactor = { redact: () => REDACTED };

/**
 * Returns what replaces these values in a text, also where they are written as JSON or in an address. Of a
 * value of several lines each line is one of its own, because logs are written line by line. Undefined when
 * no value is long enough to be looked for, `hidesAll` when there is too much to look for.
 */
export function createRedactor(
  values: readonly string[],
  { lengthMin, formsMax }: Bounds,
): Redactor | undefined {
  const forms = new Set<string>();
  for (const value of values) {
    const lines = value.split(/[\r\n]+/, formsMax + 1);
    if (lines.length > formsMax) return hidesAll;
    for (const line of [value, ...lines]) {
      if (line.trim().length < lengthMin) continue;
      for (const form of formsOf(line)) forms.add(form);
      if (forms.size > formsMax) return hidesAll;
    }
  }
  if (forms.size === 0) return undefined;
  const secrets = [...forms];
  return { redact: (text, isCut = false) => withoutHidden(text, placesOf(text, isCut, secrets)) };
}

function formsOf(text: string): string[] {
  const json = JSON.stringify(text).slice(1, -1);
  const ascii = json.replaceAll(
    /[\u0080-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  return [text, text.trim(), json, ascii, encodeURIComponent(text.toWellFormed())];
}

/**
 * Marks the characters of secrets with 1; undefined when there are none. All are looked for in the text as it was: what
 * stands for one secret may have another in it.
 */
function placesOf(text: string, isCut: boolean, secrets: readonly string[]): Uint8Array | undefined {
  let places: Uint8Array | undefined;
  const hide = (start: number, end: number): void => {
    places ??= new Uint8Array(text.length);
    places.fill(1, start, end);
  };
  for (const secret of secrets) {
    for (let at = findText(text, secret); at !== -1; at = findText(text, secret, at + secret.length)) {
      hide(at, at + secret.length);
    }
  }
  if (!isCut && !CUT_MARK.test(text)) return places;
  let start = 0;
  const pieces = text.split(isCut ? CUT_MARK_OR_BREAK : CUT_MARK);
  for (const [n, piece] of pieces.entries()) {
    const ends = { isStartCut: isCut || n > 0, isEndCut: isCut || n < pieces.length - 1 };
    hideParts(piece, ends, secrets, (from, to) => hide(start + from, start + to));
    start += piece.length + 1;
  }
  return places;
}

/** A piece of a text may end with the beginning of a secret, begin with the end of one, or be a piece of one. */
function hideParts(
  piece: string,
  { isStartCut, isEndCut }: { readonly isStartCut: boolean; readonly isEndCut: boolean },
  secrets: readonly string[],
  hide: (start: number, end: number) => void,
): void {
  if (piece.length < PART_MIN) return;
  for (const secret of secrets) {
    if (isStartCut && isEndCut && findText(secret, piece) !== -1) {
      hide(0, piece.length);
      return;
    }
    const atEnd = isEndCut ? overlap(piece, secret, PART_MIN) : 0;
    if (atEnd > 0) hide(piece.length - atEnd, piece.length);
    const atStart = isStartCut ? overlap(secret, piece, PART_MIN) : 0;
    if (atStart > 0) hide(0, atStart);
  }
}

function withoutHidden(text: string, places: Uint8Array | undefined): string {
  if (places === undefined) return text;
  let shown = "";
  for (let at = 0; at < text.length;) {
    const start = places.indexOf(1, at);
    if (start === -1) return shown + text.slice(at);
    shown += text.slice(at, start) + REDACTED;
    const end = places.indexOf(0, start);
    at = end === -1 ? text.length : end;
  }
  return shown;
}
