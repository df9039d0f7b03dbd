import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { JOB_STATUSES, NEXT_STATUSES } from "../../src/core/model/job.ts";
import { anchorsOf, codeSpansOf, fencedBlockOf, linksOf, wideLinesOf } from "./markdown.ts";

// What documents say of each other and of the code is held against the files. Each check is a function from a document
// to its faults, and the last block of tests gives each one a document with a fault.

const REPOSITORY = fileURLToPath(new URL("../..", import.meta.url));
const NOT_OURS = new Set(["node_modules", ".git", ".data", "dist", "coverage"]);
const COLUMNS_MAX = 100;

/** Paths of code in backticks; those with `*`, `<…>`, `{…}` or `…` in them stand for many files. */
const CODE_PATH = /^(?:src|test|migrations|scripts|docs)\/[^\s*<>{}…]*$/;

interface Document {
  /** From the root of the repository. */
  readonly path: string;
  readonly text: string;
}

const documents = await readDocuments();
const page = (path: string): string => documents.find((one) => one.path === path)?.text ?? "";

async function readDocuments(): Promise<Document[]> {
  const paths = (await markdownFiles("")).toSorted();
  return await Promise.all(
    paths.map(async (path) => ({ path, text: await readFile(join(REPOSITORY, path), "utf8") })),
  );
}

async function markdownFiles(folder: string): Promise<string[]> {
  const entries = await readdir(join(REPOSITORY, folder), { withFileTypes: true });
  const found = await Promise.all(
    entries.map(async (entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return NOT_OURS.has(entry.name) ? [] : await markdownFiles(path);
      return entry.name.endsWith(".md") ? [path] : [];
    }),
  );
  return found.flat();
}

function isWrapped({ path }: Document): boolean {
  return path.startsWith("docs/") || ["CONTRIBUTING.md", "SECURITY.md", "CODE_OF_CONDUCT.md"].includes(path);
}

function brokenLinks({ path, text }: Document): string[] {
  return linksOf(text).flatMap(({ line, target }) => {
    if (/^[a-z]+:/.test(target)) return [];
    const [file = "", anchor] = target.split("#");
    const to = file === "" ? path : join(dirname(path), decodeURI(file));
    if (!existsSync(join(REPOSITORY, to))) return [`${path}:${line}: ${target} leads nowhere`];
    const anchors = to === path ? anchorsOf(text) : anchorsOf(page(to));
    if (anchor === undefined || !to.endsWith(".md") || anchors.has(anchor)) return [];
    return [`${path}:${line}: ${target}: there is no such heading`];
  });
}

function missingPaths({ path, text }: Document): string[] {
  return codeSpansOf(text)
    .filter(({ text: code }) => CODE_PATH.test(code) && !existsSync(join(REPOSITORY, code)))
    .map(({ number, text: code }) => `${path}:${number}: there is no ${code}`);
}

function wideLines({ path, text }: Document): string[] {
  return wideLinesOf(text, COLUMNS_MAX).map(({ number }) => `${path}:${number} is wider than ${COLUMNS_MAX}`);
}

/** Every arrow of the diagram as `from → to`; `*` is the beginning and the end. */
function arrowsOf(diagram: string): string[] {
  return [...diagram.matchAll(/^\s*(\S+) --> ([^\s:]+)/gm)]
    .map(([, from, to]) => `${from} → ${to}`.replaceAll("[*]", "*"))
    .toSorted();
}

function arrowsOfJob(): string[] {
  return [
    "* → pending",
    ...JOB_STATUSES.flatMap((from) => {
      const next: readonly string[] = NEXT_STATUSES[from];
      return (next.length === 0 ? ["*"] : next).map((to) => `${from} → ${to}`);
    }),
  ].toSorted();
}

/** What an ADR says of itself, as its line of the index must have it. */
function adrFacts({ path, text }: Document): Record<string, string | undefined> {
  const title = /^# (\d+)\. (.*)$/m.exec(text);
  const head = /^Date: ([\d-]+)(?:, extended ([\d-]+))?\.\s+Status: (\w+)/m.exec(text);
  return {
    number: title?.[1],
    title: title ? `[${title[2]}](${basename(path)})` : undefined,
    date: head?.[1],
    extended: head ? (head[2] ?? "–") : undefined,
    status: head?.[3],
  };
}

function adrIndex(text: string): Record<string, string | undefined>[] {
  return text
    .split("\n")
    .filter((line) => /^\| \d+ /.test(line))
    .map((line) => {
      const [, number, title, date, extended, status] = line.split(/(?<!\\)\|/).map((cell) => cell.trim());
      return { number, title, date, extended, status };
    });
}

const adrs = documents.filter(({ path }) => /^docs\/adr\/\d{4}-[\w-]+\.md$/.test(path));

describe("all documents", () => {
  test.each(documents.map((one) => [one.path, one] as const))("%s: links lead somewhere", (_path, one) => {
    expect(brokenLinks(one)).toEqual([]);
  });

  test.each(documents.map((one) => [one.path, one] as const))("%s: paths of code exist", (_path, one) => {
    expect(missingPaths(one)).toEqual([]);
  });
});

test("the diagram of a job has the arrows of the code, and no others", () => {
  expect(arrowsOf(fencedBlockOf(page("docs/job.md"), "mermaid") ?? "")).toEqual(arrowsOfJob());
});

test("the index of the ADRs has each of them, as it calls itself", () => {
  expect(adrs.length).toBeGreaterThan(0);
  expect(adrIndex(page("docs/adr/README.md"))).toEqual(adrs.map(adrFacts));
});

test("ADRs are numbered 1, 2, 3 … by their file names", () => {
  expect(adrs.map(({ path }) => Number(basename(path).slice(0, 4)))).toEqual(adrs.map((_, n) => n + 1));
  expect(adrs.map((adr) => Number(adrFacts(adr)["number"]))).toEqual(adrs.map((_, n) => n + 1));
});

test("the guide explains each check of `iep doctor`, in their order", async () => {
  const source = await readFile(join(REPOSITORY, "src/cli/commands/doctor/examine.ts"), "utf8");
  const checks = [...source.matchAll(/^ {4}name: "([^"]+)",$/gm)].map(([, name]) => name);
  expect(checks.length).toBeGreaterThan(0);
  const [, section = ""] = page("docs/operating.md").split("\n## What `iep doctor` checks\n");
  const rows = [...(section.split("\n## ")[0] ?? "").matchAll(/^\| (\w[\w ]*?) +\|/gm)].map(
    ([, name]) => name,
  );
  expect(rows.slice(1)).toEqual(checks);
});

test("every page of docs/ stands in its index", () => {
  const listed = new Set(linksOf(page("docs/README.md")).map(({ target }) => join("docs", target)));
  const pages = documents.map(({ path }) => path).filter((path) => dirname(path) === "docs");
  expect(pages.filter((path) => path !== "docs/README.md" && !listed.has(path))).toEqual([]);
});

describe("prose of at most 100 columns", () => {
  test.each(documents.filter(isWrapped).map((one) => [one.path, one] as const))("%s", (_path, one) => {
    expect(wideLines(one)).toEqual([]);
  });

  test.each(["ARCHITECTURE.md", "README.md"])("%s", (path) => {
    expect(wideLines({ path, text: page(path) })).toEqual([]);
  });
});

describe("a fault is found:", () => {
  const wide = "word ".repeat(21).trim();

  test.each<[string, (one: Document) => string[], string, number]>([
    ["a link to a file that is not there", brokenLinks, "See [it](nowhere.md).", 1],
    ["a link out of a folder", brokenLinks, "See [it](../README.md).", 0],
    ["a link to a heading that is not there", brokenLinks, "# A\n\nSee [it](#b).", 1],
    ["a link to a heading of another page", brokenLinks, "See [it](job.md#no-such-heading).", 1],
    ["a heading with code in it is found", brokenLinks, "# What `run` gets\n\n[it](#what-run-gets)", 0],
    ["a link in a fenced block is none", brokenLinks, "```md\n[it](nowhere.md)\n```", 0],
    ["a path that is not there", missingPaths, "In `src/nowhere.ts`.", 1],
    ["a path in a table", missingPaths, "| `migrations/functions/nowhere.sql` |", 1],
    ["a folder that is there", missingPaths, "In `src/core/`.", 0],
    ["a placeholder", missingPaths, "In `src/api/resources/<noun>/routes.ts`, `test/**/*.ts`.", 0],
    ["a wide line", wideLines, wide, 1],
    ["a wide line of a list", wideLines, `- ${wide}`, 1],
    ["a wide table", wideLines, `| ${wide} |`, 0],
    ["a wide line of code", wideLines, `\`\`\`sh\n${wide}\n\`\`\``, 0],
    ["a line of one link", wideLines, `- [it](https://example.org/${"x".repeat(100)})`, 0],
    ["a wide line with a link", wideLines, `${wide} [it](README.md)`, 1],
    ["µ and → are one column each", wideLines, "µ→".repeat(50), 0],
  ])("%s", (_name, check, text, faults) => {
    // Links of the probe start where this page is.
    expect(check({ path: "docs/README.md", text })).toHaveLength(faults);
  });

  test("an arrow too many, or another one", () => {
    const diagram = fencedBlockOf(page("docs/job.md"), "mermaid") ?? "";
    expect(arrowsOf(`${diagram}    failed --> pending\n`)).not.toEqual(arrowsOfJob());
    expect(arrowsOf(diagram.replace("pending --> cancelled", "succeeded --> cancelled"))).not.toEqual(
      arrowsOfJob(),
    );
  });
});
