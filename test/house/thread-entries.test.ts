import { readdir, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const SOURCES = fileURLToPath(new URL("../../src", import.meta.url));

/** Of each file that starts threads, the JavaScript files that it names: one of them is where they begin. */
async function threadEntries(): Promise<string[]> {
  const names = await readdir(SOURCES, { recursive: true });
  const files = names.filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts"));
  const found = await Promise.all(
    files.map(async (name) => {
      const code = await readFile(join(SOURCES, name), "utf8");
      if (!code.includes("new Worker(")) return [];
      return [...code.matchAll(/"\.\/([\w-]+\.m?js)"/g)].map(([, file = ""]) => join(dirname(name), file));
    }),
  );
  return found.flat().map((name) => name.replace(/\.js$/, ".ts"));
}

// See src/processors/threads/thread-entry.mjs.
test("no file with which a thread begins awaits at its top level", async () => {
  const entries = await threadEntries();
  expect(entries).toContain(join("processors", "threads", "thread-entry.mjs"));
  expect(entries).toContain(join("schema-threads", "schema-thread-main.ts"));
  const codes = await Promise.all(
    entries.map(async (name) => ({ name, code: await readFile(join(SOURCES, name), "utf8") })),
  );
  expect(codes.filter(({ code }) => /^(?![\s/]).*\bawait\b/m.test(code)).map(({ name }) => name)).toEqual([]);
});
