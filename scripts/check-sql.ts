import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { readHeader } from "./sql-header.ts";

// `npm run sql:check` checks the form that migrations/README.md asks of every SQL file. It prints each fault
// on a line of its own, and exits 1 when there is one. A folder may be named instead of migrations/.

const COLUMNS_MAX = 110;
const FOLDER = process.argv[2] ?? fileURLToPath(new URL("../migrations", import.meta.url));

const found: string[] = [];
const defined = new Map<string, string>();
for (const path of await sqlFiles())
  found.push(...faultsOf(path, await readFile(join(FOLDER, path), "utf8")));
for (const fault of found) console.error(fault);
if (found.length > 0) process.exitCode = 1;

async function sqlFiles(): Promise<string[]> {
  const paths = await readdir(FOLDER, { recursive: true });
  return paths.filter((path) => path.endsWith(".sql") && !path.endsWith(".gen.sql")).toSorted();
}

function faultsOf(path: string, sql: string): string[] {
  const wide = sql.split("\n").flatMap((line, n) => {
    const columns = line.length;
    return columns > COLUMNS_MAX ? [`${path}:${n + 1}: ${columns} columns, ${COLUMNS_MAX} at most`] : [];
  });
  const object = /^(functions|views)\/(?:\w+\/)?(\w+)\.sql$/.exec(path);
  return [
    ...wide,
    ...(object ? faultsOfObject(path, object[1] === "views", object[2] ?? "", sql) : tableFaults(path, sql)),
  ];
}

/** A function or view stands in its file alone, under its name, below its header. */
function faultsOfObject(path: string, isView: boolean, name: string, sql: string): string[] {
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
