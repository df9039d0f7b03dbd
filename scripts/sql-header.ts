/** The comment that opens the file of a function or view. */
export interface SqlHeader {
  /**
   * What `Returns` says: the names of the columns, a type, `trigger` or `nothing`; with `?` where it may be
   * null.
   */
  readonly returns: readonly string[];
  /** The functions, files and statements that call it. */
  readonly called_by: readonly string[];
  /** What is wrong with the header, for people. */
  readonly faults: readonly string[];
}

const LABELS = ["Does", "Locks, in order", "Returns", "Raises", "Called by"];
const RETURNS = /^\w+(\[\])?\??$/;

/** Reads the header that migrations/README.md describes. */
export function readHeader(sql: string): SqlHeader {
  const entries = readEntries(sql);
  const labels = entries.map(({ label }) => label);
  if (labels.join("|") !== LABELS.join("|"))
    return {
      returns: [],
      called_by: [],
      faults: [`the header has ${labels.join(", ") || "no line"} instead of ${LABELS.join(", ")}`],
    };
  const returns = (entries[2]?.text ?? "").split(/,\s*/);
  const wrong = returns.filter((name) => !RETURNS.test(name));
  const empty = entries.filter(({ text }) => text === "");
  return {
    returns,
    called_by: (entries[4]?.text ?? "").replace(/\.(\s.*)?$/s, "").split(/[,;]\s*/),
    faults: [
      ...wrong.map((name) => `Returns: "${name}" is no name of a column and no type`),
      ...empty.map(({ label }) => `${label} says nothing`),
    ],
  };
}

/** `-- Label: text`, with further lines indented by two more spaces, until the first line of another kind. */
function readEntries(sql: string): { label: string; text: string }[] {
  const entries: { label: string; text: string }[] = [];
  for (const line of sql.split("\n")) {
    const start = /^-- ([A-Z][a-z]+(?: by|, in order)?): ?(.*)$/.exec(line);
    const more = /^-- {3}(\S.*)$/.exec(line);
    const last = entries.at(-1);
    if (start) entries.push({ label: start[1] ?? "", text: start[2] ?? "" });
    else if (more && last) last.text += ` ${more[1]}`;
    else break;
  }
  return entries;
}
