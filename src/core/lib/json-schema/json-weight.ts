/** Characters that weigh as much as a value. */
const CHARACTERS = 16;

/**
 * How many values a JSON value consists of, long texts by their length: a measure of the work to copy it.
 * Stops at `max`.
 */
export function jsonWeight(value: unknown, max: number): number {
  let weight = 0;
  const open: unknown[] = [value];
  while (open.length > 0 && weight < max) {
    const next = open.pop();
    weight += 1;
    if (typeof next === "string") weight += next.length / CHARACTERS;
    if (typeof next !== "object" || next === null) continue;
    for (const name of Object.keys(next)) weight += name.length / CHARACTERS;
    // Not spread: a call takes some ten thousand arguments at the most.
    for (const member of Object.values(next)) open.push(member);
  }
  return weight;
}
