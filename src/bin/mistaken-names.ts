/** Names that other programs use for what a variable of ours says. */
const OTHER_NAMES: Readonly<Record<string, readonly string[]>> = {
  DATABASE_URL: ["DATABASE", "DB_URL", "DB_URI", "PG_URL", "PG_URI", "POSTGRES_URL", "POSTGRES_URI"],
  REDIS_URL: ["REDIS", "VALKEY_URL"],
  ADMIN_API_KEY: ["ADMIN_KEY", "API_ADMIN_KEY", "ADMIN_TOKEN"],
  RUNNER_CONCURRENCY: ["CONCURRENCY"],
  PROCESSORS_DIR: ["PROCESSORS", "PROCESSORS_PATH", "PROCESSORS_FOLDER"],
  DATABASE_POOL_SIZE: ["POOL_SIZE", "DB_POOL_SIZE"],
  QUEUE_KEY_PREFIX: ["QUEUE_PREFIX", "REDIS_PREFIX", "REDIS_KEY_PREFIX"],
};

export interface MistakenName {
  readonly name: string;
  /** The variable that was probably meant. */
  readonly meant: string;
  /** It is that name with a letter or two wrong, and not a name that other programs may read. */
  readonly isMisspelt: boolean;
}

/** Below it, as for HOST and PORT, every second word is near. */
const LENGTH_MIN = 6;
const LENGTH_FOR_TWO_EDITS = 14;

/** Returns those of `names` that nothing reads, and that look like one of `known`. */
export function findMistakenNames(names: readonly string[], known: readonly string[]): MistakenName[] {
  return names.flatMap((name) => {
    if (known.includes(name)) return [];
    const misspelt = known.find((one) => isMisspelt(letters(name), letters(one)));
    const meant = misspelt ?? known.find((one) => OTHER_NAMES[one]?.includes(name.toUpperCase()));
    return meant === undefined ? [] : [{ name, meant, isMisspelt: misspelt !== undefined }];
  });
}

/** Case, `_` and a byte order mark are not what makes a name. */
function letters(name: string): string {
  return name.toUpperCase().replaceAll(/[^A-Z0-9]/g, "");
}

function isMisspelt(name: string, known: string): boolean {
  if (name === known) return true;
  if (known.length < LENGTH_MIN) return false;
  return countEdits(name, known) <= (known.length < LENGTH_FOR_TWO_EDITS ? 1 : 2);
}

/** As Levenshtein counts, and two letters that changed places are one edit. */
function countEdits(from: string, to: string): number {
  let before: number[] = [];
  let row = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let i = 1; i <= from.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= to.length; j += 1) {
      const isSame = from[i - 1] === to[j - 1];
      const isSwapped = i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1];
      next[j] = Math.min(
        (row[j - 1] ?? 0) + (isSame ? 0 : 1),
        (row[j] ?? 0) + 1,
        (next[j - 1] ?? 0) + 1,
        isSwapped ? (before[j - 2] ?? 0) + 1 : Infinity,
      );
    }
    [before, row] = [row, next];
  }
  return row[to.length] ?? 0;
}
