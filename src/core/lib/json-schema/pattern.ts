import { patternCost } from "./pattern-cost.ts";
import { OutOfSteps, type Run } from "./run.ts";

/** Characters that a regular expression's engine passes in a step. */
const CHARACTERS_PER_STEP = 16;

/**
 * Returns a search that first takes the steps that it may need. One of which nothing is known needs more than
 * there are in this thread. Throws a SyntaxError when the source is none.
 */
export function patternCheck(source: string): (text: string, run: Run) => boolean {
  const regExp = toRegExp(source);
  const cost = patternCost(source);
  return (text, run) => {
    if (run.isBounded) {
      if (cost === undefined) throw new OutOfSteps();
      run.take((cost.factor * (text.length + 1) ** cost.degree) / CHARACTERS_PER_STEP);
    }
    return regExp.test(text);
  };
}

/** With Unicode rules, as the draft recommends; by the older ones when it is only valid so. */
function toRegExp(source: string): RegExp {
  try {
    return new RegExp(source, "u");
  } catch {
    return new RegExp(source);
  }
}
