/** Whether `release` comes before `other`, both as `major.minor.patch`. A pre-release comes before its release. */
export function isOlderRelease(release: string, other: string): boolean {
  const [ours, theirs] = [partsOf(release), partsOf(other)];
  const differs = ours.numbers.findIndex((part, index) => part !== theirs.numbers[index]);
  if (differs === -1) return ours.isPre && !theirs.isPre;
  return (ours.numbers[differs] ?? 0) < (theirs.numbers[differs] ?? 0);
}

function partsOf(release: string): { numbers: number[]; isPre: boolean } {
  const [core = "", pre] = release.split("-", 2);
  const [major = 0, minor = 0, patch = 0] = core.split(".").map((part) => Number.parseInt(part) || 0);
  return { numbers: [major, minor, patch], isPre: pre !== undefined };
}
