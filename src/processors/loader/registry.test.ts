import { symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { FatalError, InputError, isFatal } from "../sdk/fatal-error.ts";
import { loadProcessors } from "./registry.ts";
import { runForTest } from "../sdk/test-context.ts";
import { directoryWith } from "../../../test/support/directory-with.ts";

const SHIPPED = ["csv.summary", "echo", "file.sha256", "simulate", "text.statistics"];
const IMPORTS = `import { defineProcessor, FatalError, InputError } from "innovation-ecosystem-platform/processors";\n`;

function processorFile(id: string, run = "(input) => input"): string {
  return `${IMPORTS}export default defineProcessor({ id: "${id}", run: ${run} });\n`;
}

async function faultsOf(directory: string): Promise<string[][]> {
  const { faults } = await loadProcessors({ directory, required: true, import_ms: 5_000 });
  return faults.map(({ file, message }) => [file.slice(directory.length + 1), message]);
}

test("without a directory there are those that ship", async () => {
  expect([...(await loadProcessors({})).processors.keys()].toSorted()).toEqual(SHIPPED);
});

test("a directory that is missing is none, unless somebody named it", async () => {
  const directory = join(tmpdir(), "no-such-processors");
  expect((await loadProcessors({ directory })).processors.size).toBe(SHIPPED.length);
  const { processors, faults } = await loadProcessors({ directory, required: true });
  expect(faults).toEqual([{ file: directory, message: "there is no such directory" }]);
  expect(processors.size).toBe(SHIPPED.length);
});

test("a file in the place of the directory is a fault", async () => {
  const directory = await directoryWith({ "a.ts": "" });
  const { faults } = await loadProcessors({ directory: join(directory, "a.ts") });
  expect(faults).toEqual([{ file: join(directory, "a.ts"), message: "is not a directory" }]);
});

test("TypeScript and JavaScript files are loaded from any folder", async () => {
  const typescript = `${IMPORTS}
    import { z } from "zod";
    import { double, Factor } from "./_double.ts";
    export default defineProcessor({
      id: "from.ts",
      input: z.strictObject({ n: z.number() }),
      run: (input): { n: number } => ({ n: double(input.n) * Factor.One }),
    });`;
  const directory = await directoryWith({
    "a.ts": typescript,
    // An enum: what Node's own type stripping cannot do.
    "_double.ts": "export enum Factor { One = 1 }\nexport const double = (n: number): number => n * 2;",
    "b.js": processorFile("from.js"),
    "c.mjs": processorFile("from.mjs", "async () => (await import('./_late.mjs')).default"),
    "_late.mjs": "export default 'late';",
  });
  const { processors: registry } = await loadProcessors({ directory, required: true });
  expect([...registry.keys()].filter((id) => !SHIPPED.includes(id))).toEqual([
    "from.ts",
    "from.js",
    "from.mjs",
  ]);
  const [ts, mjs] = [registry.get("from.ts"), registry.get("from.mjs")];
  if (ts === undefined || mjs === undefined) throw new Error("not loaded");
  expect(await runForTest(ts, { n: 4 })).toEqual({ n: 8 });
  await expect(runForTest(ts, { n: "four" })).rejects.toThrow("/n: ");
  expect(await runForTest(mjs, null)).toBe("late");
});

test("links to files elsewhere are followed", async () => {
  const elsewhere = await directoryWith({ "real.ts": processorFile("linked") });
  const directory = await directoryWith({});
  await symlink(join(elsewhere, "real.ts"), join(directory, "link.ts"));
  expect((await loadProcessors({ directory })).processors.has("linked")).toBe(true);
});

test("tests, declarations, hidden files, other files and folders are passed over", async () => {
  const broken = "this is no code";
  const directory = await directoryWith({
    "a.test.ts": broken,
    "a.d.ts": broken,
    "_a.ts": broken,
    ".a.ts": broken,
    "a.py": broken,
    "README.md": broken,
    "folder/a.json": "{}",
    "_folder/processor.json": "{}",
    ".folder/processor.json": "{}",
    "folder.ts/a.ts": broken,
  });
  expect((await loadProcessors({ directory })).processors.size).toBe(SHIPPED.length);
});

test("fatal errors of a user's file are known, though they are of another copy of the class", async () => {
  const directory = await directoryWith({
    "a.ts": processorFile("fatal", "() => { throw new FatalError('no', { code: 'gone' }) }"),
    "b.ts": processorFile("input", "() => { throw new InputError('no') }"),
  });
  const { processors: registry } = await loadProcessors({ directory });
  const [fatal, input] = [registry.get("fatal"), registry.get("input")];
  if (fatal === undefined || input === undefined) throw new Error("not loaded");
  const runs = await Promise.allSettled([runForTest(fatal, null), runForTest(input, null)]);
  const errors = runs.map((run) => (run.status === "rejected" ? (run.reason as unknown) : undefined));
  expect(errors.map(isFatal)).toEqual([true, true]);
  expect(errors).toMatchObject([{ code: "gone" }, { code: "input_invalid" }]);
  expect(errors.some((error) => error instanceof FatalError || error instanceof InputError)).toBe(false);
});

test("faulty files are named, and the others are served", async () => {
  const directory = await directoryWith({
    "a-good.ts": processorFile("good"),
    "b-same.ts": processorFile("good"),
    "c-shipped.ts": processorFile("echo"),
    "d-syntax.ts": "export default {",
    "e-import.ts": `import "./nowhere.ts";\n${processorFile("e")}`,
    "f-none.ts": "export const a = 1;",
    "g-plain.ts": "export default { id: 'g', run() {} };",
    "h-id.ts": processorFile("Not An Id"),
    "i-throws.mjs": "throw new Error('at import');",
    "j-package.mjs": "import 'no-such-package';",
  });
  await symlink(join(directory, "gone"), join(directory, "k-link.ts"));
  expect(await faultsOf(directory)).toEqual([
    ["b-same.ts", `the id "good" is taken by ${join(directory, "a-good.ts")}`],
    ["c-shipped.ts", 'the id "echo" is taken by a processor that ships'],
    ["d-syntax.ts", expect.stringMatching(/cannot be imported: .*d-syntax.ts:1:16/s)],
    ["e-import.ts", expect.stringContaining("nowhere.ts")],
    ["f-none.ts", "has no default export"],
    ["g-plain.ts", "its default export does not come from defineProcessor"],
    ["h-id.ts", expect.stringContaining('`id` "Not An Id" must be')],
    ["i-throws.mjs", expect.stringMatching(/^cannot be imported: at import \(i-throws\.mjs:1:\d+\)$/)],
    ["j-package.mjs", expect.stringContaining("no-such-package")],
    ["k-link.ts", expect.stringContaining("cannot be imported: ")],
  ]);
  expect((await loadProcessors({ directory })).processors.has("good")).toBe(true);
});

test("an import that never ends and one that ends the process are named, and the others are served", async () => {
  const directory = await directoryWith({
    "a.ts": processorFile("first"),
    "b-waits.ts": `await new Promise(() => {});\n${processorFile("waits")}`,
    "c-loops.mjs": `for (;;);\n${processorFile("loops")}`,
    "d-exits.js": `process.exit(0);\n${processorFile("exits")}`,
    "e-aborts.js": `process.kill(process.pid, "SIGKILL");\n${processorFile("aborts")}`,
    "f.ts": processorFile("last"),
  });
  const { processors, faults } = await loadProcessors({ directory, import_ms: 3_000 });
  expect([...processors.keys()].filter((id) => !SHIPPED.includes(id))).toEqual(["first", "last"]);
  expect(faults.map(({ file, message }) => [file.slice(directory.length + 1), message])).toEqual([
    ["b-waits.ts", "its import did not end within 3 s"],
    ["c-loops.mjs", "its import did not end within 3 s"],
    ["d-exits.js", "its import ended the process (exit code 0)"],
    ["e-aborts.js", "its import ended the process (SIGKILL)"],
  ]);
});

test("every ending of a file of code is loaded, or named", async () => {
  const commonJs = (id: string): string =>
    `const { defineProcessor } = require("innovation-ecosystem-platform/processors");\nmodule.exports = defineProcessor({ id: "${id}", run: (input) => input });\n`;
  const files = {
    "a.mts": processorFile("a.mts"),
    "b.cjs": commonJs("b.cjs"),
    "c.JS": processorFile("c.upper"),
    "d.cts": `import { defineProcessor } from "innovation-ecosystem-platform/processors";\nexport default defineProcessor({ id: "d.cts", run: (input: unknown) => input });\n`,
    "e.TS": processorFile("e.upper"),
    "f.tsx": processorFile("f.tsx"),
    "g.jsx": processorFile("g.jsx"),
  };
  const directory = await directoryWith(files);
  const { processors, faults } = await loadProcessors({ directory });
  const named = faults.map(({ file }) => file.slice(directory.length + 1));
  const served = [...processors.keys()].filter((id) => !SHIPPED.includes(id));
  console.log(served, faults);
  expect(served.length + named.length).toBe(Object.keys(files).length);
  expect(served).toEqual(expect.arrayContaining(["a.mts", "c.upper", "f.tsx"]));
});

test("a processor.json with a byte order mark is read", async () => {
  const directory = await directoryWith({
    "tool/processor.json": `\uFEFF${JSON.stringify({ id: "a.tool", command: ["sh", "-c", "exit 0"] })}`,
  });
  expect((await loadProcessors({ directory })).processors.has("a.tool")).toBe(true);
});

test("the processors of the example directory load", async () => {
  const directory = new URL("../../../examples/processors", import.meta.url).pathname;
  expect((await loadProcessors({ directory, required: true })).processors.has("text.reverse")).toBe(true);
});
