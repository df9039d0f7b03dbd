/**
 * What a text is for. `name`: people read it, as the name of a customer or a reason. `identity`: it must be
 * one text alone, as a reference or the name of a job type, so two that look alike must not differ.
 */
export type TextUse = "name" | "identity";

/** Nobody sees them, and they break lines or turn the direction of what stands after them. */
const UNSAFE = /[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/u;
/**
 * Nobody sees them either: zero-width, format and filler characters, selectors of variants, noncharacters,
 * the empty Braille pattern, and blanks that are not the space. Format characters that are seen, such as the
 * Arabic number sign, are left out.
 */
const INVISIBLE =
  /(?![\u0600-\u0605\u06dd\u070f\u0890\u0891\u08e2\u{110bd}\u{110cd} ])[\p{Cf}\p{Default_Ignorable_Code_Point}\p{Zs}\p{Noncharacter_Code_Point}\u2800]/u;
const VISIBLE =
  /[^\p{C}\p{Z}\p{Default_Ignorable_Code_Point}\u2800]|[\u0600-\u0605\u06dd\u070f\u0890\u0891\u08e2\u{110bd}\u{110cd}]/u;

/** One form of each text: composed (NFC), without blanks around it. */
export function tidyText(text: string): string {
  return text.normalize("NFC").trim();
}

/** Returns what is wrong with a tidy line of text, as the end of a sentence; undefined when nothing is. */
export function findTextFault(text: string, use: TextUse, charactersMax: number): string | undefined {
  if (text === "") return "must not be empty";
  if (!hasAtMost(text, charactersMax)) return `must have at most ${charactersMax} characters`;
  if (/\p{Cc}/u.test(text)) return "must have no control characters";
  if (!text.isWellFormed()) return "has half of a surrogate pair: send well-formed Unicode";
  const hidden = UNSAFE.exec(text) ?? (use === "identity" ? INVISIBLE.exec(text) : null);
  if (hidden)
    return `must have no invisible character and no blank other than the space: it has ${codePoint(hidden[0])}`;
  return VISIBLE.test(text) ? undefined : "must have a character that can be seen";
}

function codePoint(character: string): string {
  const hex = character.codePointAt(0)?.toString(16).toUpperCase() ?? "";
  return `U+${hex.padStart(4, "0")}`;
}

/** Characters, not UTF-16 units: the database and JSON Schema count that way. */
function hasAtMost(text: string, characters: number): boolean {
  if (text.length <= characters) return true;
  return text.length <= 2 * characters && Array.from(text).length <= characters;
}
