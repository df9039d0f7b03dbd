/** So many characters are looked for as they are; of more, the first are. */
const HEAD_MAX = 64;

/**
 * `text.indexOf(part, from)` in time that grows with the length of the text alone. That of the language multiplies
 * both where they repeat themselves, which takes minutes for a megabyte.
 */
export function findText(text: string, part: string, from = 0): number {
  if (part.length > text.length - from) return -1;
  const at = text.indexOf(part.slice(0, HEAD_MAX), from);
  if (at === -1 || part.length <= HEAD_MAX) return at;
  const { matched, end } = scan(part, text, at);
  return matched === part.length ? end - matched : -1;
}

/** How many characters at the end of `first` are also the beginning of `second`; 0 when they are fewer than `min`. */
export function overlap(first: string, second: string, min: number): number {
  const end = first.slice(-second.length);
  // Nearly always this is all there is to do.
  if (second.length < min || !end.includes(second.slice(0, min))) return 0;
  const { matched } = scan(second.slice(0, end.length), end, 0);
  return matched >= min ? matched : 0;
}

/**
 * Looks for a pattern until it is found or the text ends (Knuth, Morris and Pratt). `matched`: how much of it the text
 * has before `end`.
 */
function scan(
  pattern: string,
  text: string,
  from: number,
): { readonly matched: number; readonly end: number } {
  const borders = bordersOf(pattern);
  let matched = 0;
  let end = from;
  while (end < text.length && matched < pattern.length) {
    const unit = text.charCodeAt(end);
    while (matched > 0 && unit !== pattern.charCodeAt(matched)) matched = borders[matched - 1] ?? 0;
    if (unit === pattern.charCodeAt(matched)) matched += 1;
    end += 1;
  }
  return { matched, end };
}

/** For each beginning of a pattern, how much of its own beginning it ends with. */
function bordersOf(pattern: string): Uint32Array {
  const borders = new Uint32Array(pattern.length);
  for (let n = 1, matched = 0; n < pattern.length; n += 1) {
    const unit = pattern.charCodeAt(n);
    while (matched > 0 && unit !== pattern.charCodeAt(matched)) matched = borders[matched - 1] ?? 0;
    if (unit === pattern.charCodeAt(matched)) matched += 1;
    borders[n] = matched;
  }
  return borders;
}
