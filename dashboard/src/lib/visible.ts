/** What cannot be seen, or turns the direction of what follows. New lines and tabs are text. */
const HIDDEN =
  // oxlint-disable-next-line no-control-regex
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/;

export interface Piece {
  readonly text: string;
  readonly isHidden: boolean;
}

/** Splits a text of a stranger into what may be shown, and the names of what would not be seen: U+202E. */
export function visiblePieces(text: string): Piece[] {
  const pieces: Piece[] = [];
  let plain = "";
  const flush = (): void => {
    if (plain !== "") pieces.push({ text: plain, isHidden: false });
    plain = "";
  };
  if (!HIDDEN.test(text)) return [{ text, isHidden: false }];
  for (const char of text) {
    if (!HIDDEN.test(char)) {
      plain += char;
      continue;
    }
    flush();
    const code = char.codePointAt(0) ?? 0;
    pieces.push({ text: `U+${code.toString(16).toUpperCase().padStart(4, "0")}`, isHidden: true });
  }
  flush();
  return pieces;
}
