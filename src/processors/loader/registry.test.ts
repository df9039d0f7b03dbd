import { symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { FatalError, InputError, isFatal } from "../sdk/fatal-error.ts";
import { loadProcessors, ProcessorLoadError } from "./registry.ts";
import { runForTest } from "../sdk/test-context.ts";
import { directoryWith } from "../../../test/support/directory-with.ts";

const SHIPPED = ["csv.summary", "echo", "file.sha256", "simulate", "text.statistics"];
const IMPORTS = `import { defineProcessor, FatalError, InputError } from "innovation-ecosystem-platform/processors";\n`;

function processorFile(id: string, run = "(input) => input"): string {
  return `${IMPORTS}export default defineProcessor({ id: "${id}", run: ${run} });\n`;
}

async function loadFault(directory: string): Promise<ProcessorLoadError> {
  const thrown: unknown = await loadProcessors({ directory, required: true }).catch(
    (error: unknown) => error,
  );
  if (thrown instanceof ProcessorLoadError) return thrown;
  throw new Error("was loaded", { cause: thrown });
}

test("without a directory there are those that ship", async () => {
  expect([...(await loadProcessors({})).keys()].toSorted()).toEqual(SHIPPED);
});

test("a directory that is missing is none, unless somebody named it", async () => {
  const directory = join(tmpdir(), "no-such-processors");
  expect((await loadProcessors({ directory })).size).toBe(SHIPPED.length);
  expect((await loadFault(directory)).message).toContain(`${directory}: there is no such directory`);
});

test("a file in the place of the directory is a fault", async () => {
  const directory = await directoryWith({ "a.ts": "" });
  await expect(loadProcessors({ directory: join(directory, "a.ts") })).rejects.toThrow("is not a directory");
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
  const registry = await loadProcessors({ directory, required: true });
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
  expect((await loadProcessors({ directory })).has("linked")).toBe(true);
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
  expect((await loadProcessors({ directory })).size).toBe(SHIPPED.length);
});

test("fatal errors of a user's file are known, though they are of another copy of the class", async () => {
  const directory = await directoryWith({
    "a.ts": processorFile("fatal", "() => { throw new FatalError('no', { code: 'gone' }) }"),
    "b.ts": processorFile("input", "() => { throw new InputError('no') }"),
  });
  const registry = await loadProcessors({ directory });
  const [fatal, input] = [registry.get("fatal"), registry.get("input")];
  if (fatal === undefined || input === undefined) throw new Error("not loaded");
  const runs = await Promise.allSettled([runForTest(fatal, null), runForTest(input, null)]);
  const errors = runs.map((run) => (run.status === "rejected" ? (run.reason as unknown) : undefined));
  expect(errors.map(isFatal)).toEqual([true, true]);
  expect(errors).toMatchObject([{ code: "gone" }, { code: "input_invalid" }]);
  expect(errors.some((error) => error instanceof FatalError || error instanceof InputError)).toBe(false);
});

test("all faulty files are named at once", async () => {
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
  const { faults, message } = await loadFault(directory);
  expect(faults.map(({ file, message: fault }) => [file.slice(directory.length + 1), fault])).toEqual([
    ["b-same.ts", `the id "good" is taken by ${join(directory, "a-good.ts")}`],
    ["c-shipped.ts", 'the id "echo" is taken by a processor that ships'],
    ["d-syntax.ts", expect.stringMatching(/cannot be imported: .*d-syntax.ts:1:16/s)],
    ["e-import.ts", expect.stringContaining("nowhere.ts")],
    ["f-none.ts", "has no default export"],
    ["g-plain.ts", "its default export does not come from defineProcessor"],
    ["h-id.ts", expect.stringContaining('`id` "Not An Id" must be')],
    ["i-throws.mjs", "cannot be imported: at import"],
    ["j-package.mjs", expect.stringContaining("no-such-package")],
    ["k-link.ts", expect.stringContaining("cannot be imported: ")],
  ]);
  for (const { file } of faults) expect(message).toContain(file);
});

test("the processors of the example directory load", async () => {
  const directory = new URL("../../../examples/processors", import.meta.url).pathname;
  expect((await loadProcessors({ directory, required: true })).has("text.reverse")).toBe(true);
});
