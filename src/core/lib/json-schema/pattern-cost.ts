/**
 * A bound of how many steps a search with a regular expression takes in a text of `length` characters:
 * `factor * length ** degree`. A backtracking engine has at most `length` choices for each repetition, and
 * the number of alternatives for each group.
 */
export interface PatternCost {
  readonly factor: number;
  readonly degree: number;
}

/** An atom that is one character: a class, an escape that has no meaning of its own for groups, a literal. */
const CHARACTER =
  /\[\^?\]|\[(?:[^\]\\]|\\.)*\]|\\(?:[pP]\{[^}]*\}|u\{[0-9a-fA-F]+\}|u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|c[A-Za-z]|[^kuxcpP1-9bB])|[^\\()[\]{}*+?|^$]/suy;
const QUANTIFIER = /(\*|\+|\?|\{(\d+)\}|\{\d+,\d*\})\??/y;
const GROUP = /\((?:\?:|\?<[A-Za-z_]\w*>)?(?!\?)/y;
/** Beyond it the bound is of no use. */
const FACTOR_MAX = 1e9;

/**
 * Returns the bound; undefined for what this reading does not know: look-around, back references, and a
 * repeated group, which may take exponential time.
 */
export function patternCost(source: string): PatternCost | undefined {
  let at = 0;

  function match(form: RegExp): RegExpExecArray | undefined {
    form.lastIndex = at;
    const found = form.exec(source);
    if (found === null) return undefined;
    at += found[0].length;
    return found;
  }

  function take(text: string): boolean {
    if (!source.startsWith(text, at)) return false;
    at += text.length;
    return true;
  }

  /** One alternative after another; the costs of all are added up. */
  function alternatives(depth: number): PatternCost | undefined {
    let factor = 0;
    let degree = 0;
    do {
      const one = sequence(depth);
      if (one === undefined) return undefined;
      factor += one.factor;
      degree = Math.max(degree, one.degree);
    } while (take("|"));
    return { factor, degree };
  }

  function sequence(depth: number): PatternCost | undefined {
    let factor = 1;
    let degree = 0;
    while (at < source.length && source[at] !== "|" && source[at] !== ")") {
      if (take("^") || take("$") || take("\\b") || take("\\B")) continue;
      const one = atom(depth);
      if (one === undefined) return undefined;
      const quantifier = match(QUANTIFIER);
      if (quantifier?.[1] === "?") factor *= 2;
      else if (quantifier?.[2] !== undefined) {
        if (one.isGroup) return undefined;
        factor += Number(quantifier[2]);
      } else if (quantifier !== undefined) {
        if (one.isGroup) return undefined;
        degree += 1;
      }
      factor = (factor + 1) * one.factor;
      degree += one.degree;
      if (factor > FACTOR_MAX) return undefined;
    }
    return { factor, degree };
  }

  function atom(depth: number): (PatternCost & { readonly isGroup: boolean }) | undefined {
    if (match(CHARACTER)) return { factor: 1, degree: 0, isGroup: false };
    if (depth === 0 || !match(GROUP)) return undefined;
    const inside = alternatives(depth - 1);
    if (inside === undefined || !take(")")) return undefined;
    return { ...inside, isGroup: true };
  }

  const whole = alternatives(GROUP_DEPTH_MAX);
  if (whole === undefined || at < source.length) return undefined;
  // Without an anchor the search begins anew at each character. Only the first alternative shows whether it
  // has one, so one with alternatives counts as having none.
  const isAnchored = source.startsWith("^") && !source.includes("|");
  return { factor: whole.factor, degree: whole.degree + (isAnchored ? 0 : 1) };
}

/** Groups within groups that are read. */
const GROUP_DEPTH_MAX = 5;
