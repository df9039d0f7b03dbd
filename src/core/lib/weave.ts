/**
 * Fills the gaps of `known` with `rest`, in order: a batch of which some have their result without being
 * sent, and the results of those that were sent.
 */
export function weave<T>(known: readonly (T | undefined)[], rest: readonly T[]): T[] {
  const results = rest.values();
  const woven = known.map((one) => {
    if (one !== undefined) return one;
    const next = results.next();
    if (next.done) throw new Error(`there are only ${rest.length} results for the gaps`);
    return next.value;
  });
  if (!results.next().done) throw new Error(`there are ${rest.length} results, more than gaps`);
  return woven;
}
