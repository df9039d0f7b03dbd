import { readdir, readFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { CHECKED_LIMITS, LIMITS_OF_FUNCTIONS } from "./sql-limits.ts";

/** The file of limits first, then those of rooms that may not import it. */
const SOURCES = ["src/core/model/limits.ts", "src/core/lib/json.ts", "src/core/lib/backoff.ts"];
const ARCHITECTURE = "ARCHITECTURE.md";
const [BEGIN, END] = ["<!-- limits:start -->", "<!-- limits:end -->"];

interface Limit {
  readonly name: string;
  readonly value: number;
  readonly what: string;
}

/** ARCHITECTURE.md with the table of limits as the code has it now. */
export async function architectureWithLimits(): Promise<{ file: string; text: string }> {
  const text = await readFile(ARCHITECTURE, "utf8");
  const [before, rest] = text.split(BEGIN);
  const [, after] = (rest ?? "").split(END);
  if (before === undefined || after === undefined)
    throw new Error(`${ARCHITECTURE} lacks the marks of the limits`);
  const users = await usersOfConstants();
  const rows = (await readLimits()).map((limit) => {
    const rooms = [...(users.get(limit.name) ?? [])].toSorted();
    if (rooms.length === 0) throw new Error(`nothing uses ${limit.name}: it limits nothing`);
    return [`\`${limit.name}\``, valueOf(limit), limit.what, rooms.join(", ")];
  });
  return { file: ARCHITECTURE, text: `${before}${BEGIN}\n\n${toTable([HEADINGS, ...rows])}\n${END}${after}` };
}

const HEADINGS = ["constant", "limit", "of what", "used by"];

/** Every numeric constant that a source exports, with the first sentence of its comment. */
async function readLimits(): Promise<Limit[]> {
  const limits = SOURCES.map(async (file) => {
    const text = await readFile(file, "utf8");
    const module: Readonly<Record<string, unknown>> = await import(resolve(file));
    return [...text.matchAll(/\/\*\*((?:(?!\*\/).)*)\*\/\nexport const ([A-Z][A-Z0-9_]*) =/gs)].map(
      ([, comment = "", name = ""]): Limit => {
        const value = module[name];
        if (typeof value !== "number") throw new Error(`${file}: ${name} is no number`);
        const plain = comment.replaceAll(/\s*\n?\s*\*\s+|\s+/g, " ").trim();
        return { name, value, what: /^.*?[^.](?=\.(?: |$))/.exec(plain)?.[0] ?? plain };
      },
    );
  });
  return (await Promise.all(limits)).flat();
}

/**
 * By the name of a constant: the rooms that import it from a source or export it themselves, and `sql` where
 * SQL repeats it.
 */
async function usersOfConstants(): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  const users = new Map<string, Set<string>>();
  const use = (name: string, room: string): void => {
    users.set(name, (users.get(name) ?? new Set()).add(room));
  };
  for (const limit of Object.values({ ...CHECKED_LIMITS, ...LIMITS_OF_FUNCTIONS }))
    for (const name of Object.keys(limit)) use(name, "sql");
  for (const file of await sourceFiles("src")) {
    const text = await readFile(file, "utf8");
    for (const [, names = "", from = ""] of text.matchAll(/^import \{([^}]*)\} from "(\.[^"]*)";/gm))
      if (SOURCES.includes(join(dirname(file), from)))
        for (const name of names.split(",")) use(name.trim(), roomOf(file));
    if (file !== SOURCES[0] && SOURCES.includes(file))
      for (const [, name = ""] of text.matchAll(/^export const ([A-Z][A-Z0-9_]*) =/gm))
        use(name, roomOf(file));
  }
  return users;
}

async function sourceFiles(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && /(?<!\.test)\.(?:ts|mjs)$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .toSorted();
}

/** `src/postgres/repositories/rows.ts` belongs to `postgres`. */
function roomOf(file: string): string {
  const [, room = file] = file.split("/");
  return room;
}

const DAY_MS = 24 * 60 * 60 * 1_000;
const YEAR_MS = 365.25 * DAY_MS;

const UNITS: readonly [suffix: RegExp, format: (value: number) => string][] = [
  [/_END_MS$/, (value) => new Date(value).toISOString().slice(0, 10)],
  [/_MS$/, formatMs],
  [/_SECONDS$/, (value) => formatMs(value * 1_000)],
  [/_DAYS$/, (value) => formatMs(value * DAY_MS)],
  [/_MB$/, (value) => `${value} MiB`],
  [/_BYTES_MAX$/, (value) => `${value / 1_048_576} MiB`],
  [/_CENTS_MAX$/, (value) => `${grouped(value)} cents`],
];

function valueOf({ name, value }: Limit): string {
  const format = UNITS.find(([suffix]) => suffix.test(name))?.[1] ?? grouped;
  return format(value);
}

function formatMs(ms: number): string {
  if (ms >= YEAR_MS) return `${ms / YEAR_MS} years`;
  if (ms === DAY_MS) return "1 day";
  if (ms % DAY_MS === 0) return `${ms / DAY_MS} days`;
  if (ms >= 60_000 && ms % 60_000 === 0) return `${ms / 60_000} min`;
  return ms % 100 === 0 && ms >= 1_000 ? `${ms / 1_000} s` : `${ms} ms`;
}

function grouped(value: number): string {
  return value.toLocaleString("en-US");
}

/** As prettier formats a table of Markdown. */
function toTable(rows: readonly (readonly string[])[]): string {
  const widths = HEADINGS.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |\n`;
  const [head = [], ...body] = rows;
  return line(head) + line(widths.map((width) => "-".repeat(width))) + body.map(line).join("");
}
