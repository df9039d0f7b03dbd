import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { readHeader } from "./sql-header.ts";

const COLUMNS_MAX = 110;

/** Returns what breaks the form that migrations/README.md asks of every SQL file in `folder`, a line for each fault. */
export async function findSqlFaults(folder: string): Promise<string[]> {
  const paths = (await readdir(folder, { recursive: true })).toSorted();
  const defined = new Map<string, string>();
  const faults: string[] = [];
  for (const path of paths.filter((one) => one.endsWith(".sql") && !one.endsWith(".gen.sql")))
    faults.push(...faultsOf(path, await readFile(join(folder, path), "utf8"), defined));
  return faults;
}

function faultsOf(path: string, sql: string, defined: Map<string, string>): string[] {
  const wide = sql.split("\n").flatMap((line, n) => {
    const columns = line.length;
    return columns > COLUMNS_MAX ? [`${path}:${n + 1}: ${columns} columns, ${COLUMNS_MAX} at most`] : [];
  });
  const foreign = sql.split("\n").flatMap((line, n) => {
    const [character] = /[^\t\x20-\x7e]/.exec(line) ?? [];
    return character === undefined ? [] : [`${path}:${n + 1}: "${character}" is not ASCII`];
  });
  const object = /^(functions|views)\/(?:\w+\/)?(\w+)\.sql$/.exec(path);
  return [
    ...wide,
    ...foreign,
    ...(object ? objectFaults(path, sql, object[2] ?? "", defined) : tableFaults(path, sql)),
  ];
}

/**
 * A function or view stands in its file alone, under its name, below its header. `defined` has the files of those that were
 * looked at before.
 */
function objectFaults(path: string, sql: string, name: string, defined: Map<string, string>): string[] {
  const isView = path.startsWith("views/");
  const faults = readHeader(sql).faults.map((fault) => `${path}: ${fault}`);
  const created = [...sql.matchAll(/^CREATE (?:OR REPLACE )?(FUNCTION|VIEW) (\w+)/gim)];
  const [first] = created;
  if (created.length !== 1 || first?.[2] !== name || (first[1] === "VIEW") !== isView)
    faults.push(
      `${path}: creates ${created.map((match) => match[2]).join(", ") || "nothing"}, not ${name} alone`,
    );
  if (first && !first[0].includes("OR REPLACE")) faults.push(`${path}: needs CREATE OR REPLACE`);
  const other = defined.get(name);
  if (other !== undefined) faults.push(`${path}: ${name} stands in ${other} too`);
  defined.set(name, path);
  return faults;
}

/** Numbered steps hold tables: what can be replaced has a file of its own. */
function tableFaults(path: string, sql: string): string[] {
  return /^CREATE (OR REPLACE )?(FUNCTION|VIEW|TRIGGER)/im.test(sql)
    ? [`${path}: functions, views and triggers stand in functions/ and views/`]
    : [];
}
