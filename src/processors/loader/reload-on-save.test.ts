import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { atTheEnd } from "../../../test/support/cleanup.ts";
import { directoryWith } from "../../../test/support/directory-with.ts";
import { createGate } from "../../../test/support/gate.ts";
import { PATIENCE_MS } from "../../../test/support/patience.ts";
import { waitFor } from "../../../test/support/wait-for.ts";
import { runForTest } from "../sdk/test-context.ts";
import { changedFiles, readFolderState } from "./read-folder-state.ts";
import { loadAndReload, type Reloaded } from "./reload-on-save.ts";

const IMPORTS = `import { defineProcessor } from "innovation-ecosystem-platform/processors";\n`;
const returning = (id: string, output: string): string =>
  `${IMPORTS}export default defineProcessor({ id: "${id}", run: async () => (${output}) });\n`;

async function startIn(files: Readonly<Record<string, string>>, mayRemove = async () => true) {
  const directory = await directoryWith(files);
  const reloading = await loadAndReload({ directory, required: true });
  const reloads: Reloaded[] = [];
  reloading.start(async (reloaded) => {
    reloads.push(reloaded);
    return await mayRemove();
  });
  atTheEnd(() => reloading.stop());
  /** Does what changes the folder; resolves with what the reload that follows said. */
  const after = async (change: () => Promise<unknown>): Promise<Reloaded> => {
    const before = reloads.length;
    await change();
    return await waitFor(() => reloads[before], { timeoutMs: PATIENCE_MS, describe: () => "a reload" });
  };
  const write = (name: string, text: string) => after(() => writeFile(join(directory, name), text));
  const output = async (id: string): Promise<unknown> => {
    const processor = reloading.processors.get(id);
    return processor ? await runForTest(processor, null) : "none";
  };
  return { directory, reloading, write, after, output };
}

test("what was saved is used by the next attempt, and an attempt that runs goes on with the old", async () => {
  const gate = `new Promise((resolve) => globalThis.setTimeout(() => resolve("old"), 1))`;
  const { directory, reloading, write, output } = await startIn({ "a.ts": returning("a", gate) });
  const old = reloading.processors.get("a");
  const { files, faults } = await write("a.ts", returning("a", `"new"`));
  expect({ files, faults }).toEqual({ files: [join(directory, "a.ts")], faults: [] });
  expect(await output("a")).toBe("new");
  if (!old) throw new Error("not loaded");
  expect(await runForTest(old, null)).toBe("old");
});

test("what a processor imports, a thread and a command are reloaded, too", async () => {
  const { write, output } = await startIn({
    "a.ts": `import { value } from "./_value.ts";\n${returning("a", "value")}`,
    "_value.ts": "export const value = 1;",
    "t.ts": returning("t", "1").replace("run:", "thread: true, run:"),
    "tool/processor.json": JSON.stringify({ id: "tool", command: ["sh", "-c", `echo '{"output":1}'`] }),
  });
  expect([await output("a"), await output("t"), await output("tool")]).toEqual([1, 1, 1]);
  await write("_value.ts", "export const value = 2;");
  await write("t.ts", returning("t", "2").replace("run:", "thread: true, run:"));
  await write(
    "tool/processor.json",
    JSON.stringify({ id: "tool", command: ["sh", "-c", `echo '{"output":2}'`] }),
  );
  expect([await output("a"), await output("t"), await output("tool")]).toEqual([2, 2, 2]);
});

test("a broken file leaves the version before in use, and its error names the place", async () => {
  const { directory, write, output } = await startIn({
    "a.ts": returning("a", "1"),
    "b.ts": returning("b", "1"),
  });
  const { faults } = await write("a.ts", `${IMPORTS}export default defineProcessor({ id: "a", run: => 2 });`);
  expect(faults).toMatchObject([{ file: join(directory, "a.ts"), kept: ["a"] }]);
  expect(faults[0]?.message).toMatch(/a\.ts:2:\d+/);
  expect(await output("a")).toBe(1);
  const thrown = await write("a.ts", `${IMPORTS}\nthrow new TypeError("no such thing");`);
  expect(thrown.faults[0]?.message).toMatch(/no such thing \(a\.ts:\d+:\d+\)$/);
  expect([await output("a"), await output("b")]).toEqual([1, 1]);
  expect((await write("a.ts", returning("a", "3"))).faults).toEqual([]);
  expect(await output("a")).toBe(3);
});

test("a new file is served, one with another id changes it, and a deleted one is gone", async () => {
  const { directory, after, write, output } = await startIn({ "a.ts": returning("a", "1") });
  await write("b.ts", returning("b", "1"));
  expect(await output("b")).toBe(1);
  await write("b.ts", returning("c", "1"));
  expect([await output("b"), await output("c")]).toEqual(["none", 1]);
  await after(() => rm(join(directory, "a.ts")));
  expect([await output("a"), await output("c")]).toEqual(["none", 1]);
  expect(await output("echo")).toBeNull();
});

test("what is gone is there until it was told, and stays where it could not be", async () => {
  const told = [createGate(), createGate()];
  const answers = [false, true];
  let turn = 0;
  const { directory, reloading, after, write, output } = await startIn(
    { "a.ts": returning("a", "1"), "b.ts": returning("b", "1") },
    async () => {
      const at = turn++;
      await told[at]?.opened;
      return answers[at] ?? false;
    },
  );
  const { ids } = await after(() => rm(join(directory, "a.ts")));
  expect(ids).toContain("b");
  expect(ids).not.toContain("a");
  expect(await output("a")).toBe(1);
  told[0]?.open();
  expect((await write("b.ts", returning("c", "1"))).ids).not.toContain("a");
  expect([await output("a"), await output("b"), await output("c")]).toEqual([1, 1, 1]);
  told[1]?.open();
  await waitFor(() => !reloading.processors.has("a") && !reloading.processors.has("b"));
  expect(await output("c")).toBe(1);
});

test("the state of a folder knows what was written, and passes over what nobody edits", async () => {
  const directory = await directoryWith({
    "a.ts": "1",
    "folder/b.py": "1",
    "node_modules/c.js": "1",
    ".git/d": "1",
  });
  const before = await readFolderState(directory);
  expect([...before.keys()].toSorted()).toEqual([join(directory, "a.ts"), join(directory, "folder/b.py")]);
  await writeFile(join(directory, "folder/b.py"), "22");
  await writeFile(join(directory, "node_modules/c.js"), "22");
  await mkdir(join(directory, "empty"));
  expect(changedFiles(before, await readFolderState(directory))).toEqual([join(directory, "folder/b.py")]);
  expect(changedFiles(before, await readFolderState(join(directory, "nowhere")))).toHaveLength(2);
});
