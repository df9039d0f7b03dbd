/** Such as `3.2 s ahead of`, before the name of another clock. */
export function describeAhead(ahead_ms: number): string {
  return `${(Math.abs(ahead_ms) / 1_000).toFixed(1)} s ${ahead_ms < 0 ? "behind" : "ahead of"}`;
}
