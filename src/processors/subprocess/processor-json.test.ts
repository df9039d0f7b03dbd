import { join } from "node:path";
import { expect, test } from "vitest";
import { loadProcessors } from "../loader/registry.ts";
import { runForTest } from "../sdk/test-context.ts";
import { directoryWith } from "../../../test/support/directory-with.ts";

const RUN = '#!/bin/sh\nprintf \'{"output":"ran"}\'\n';
const json = (settings: unknown): string => JSON.stringify(settings);

test("a folder with a processor.json is a processor", async () => {
  const directory = await directoryWith({
    "tool/run.sh": RUN,
    "tool/processor.json": json({
      id: "a.tool",
      description: "Does something.",
      command: ["./run.sh", "--fast"],
      env: { MODE: "fast" },
      memory_mb: 256,
    }),
  });
  const processor = (await loadProcessors({ directory })).processors.get("a.tool");
  if (processor === undefined) throw new Error("not loaded");
  expect(processor.description).toBe("Does something.");
  expect(await runForTest(processor, null)).toBe("ran");
});

test("faulty folders are named, and the others are served", async () => {
  const directory = await directoryWith({
    "a/processor.json": json({ id: "good", command: ["sh"] }),
    "b/processor.json": json({ id: "good", command: ["sh"] }),
    "c/processor.json": json({ id: "echo", command: ["sh"] }),
    "d/processor.json": "{ id: 1 }",
    "e/processor.json": json({ command: "sh", extra: 1 }),
    "f/processor.json": json({ id: "f", command: [] }),
    "g/processor.json": json({ id: "Not An Id", command: ["sh"] }),
    "h/processor.json": json({ id: "h", command: ["./missing.sh"] }),
    "i/processor.json": json({ id: "i", command: ["no-such-program"] }),
    "j/run.sh": "not executable",
    "j/processor.json": json({ id: "j", command: ["./run.sh"] }),
    "k/processor.json": json({ id: "k", command: ["sh"], env: { "A=B": "c", D: 1 }, memory_mb: 1 }),
    "l/processor.json": json({ id: "l", command: ["sh", "\u0000"] }),
    "m/processor.json/folder": "",
    "n/processor.json": json({ id: "n", command: ["./folder"] }),
    "n/folder/a": "",
  });
  const { processors, faults } = await loadProcessors({ directory });
  expect(processors.has("good")).toBe(true);
  const faultOf = (folder: string): string | undefined =>
    faults.find(({ file }) => file === join(directory, folder, "processor.json"))?.message;
  expect(faults).toHaveLength(13);
  expect(faultOf("b")).toBe(`the id "good" is taken by ${join(directory, "a/processor.json")}`);
  expect(faultOf("c")).toBe('the id "echo" is taken by a processor that ships');
  expect(faultOf("d")).toMatch(/^is no JSON: /);
  expect(faultOf("e")).toMatch(/`id`: .*`command`: .*"extra"/);
  expect(faultOf("f")).toMatch(/`command.0`: /);
  expect(faultOf("g")).toMatch(/`id` "Not An Id" must be/);
  expect(faultOf("h")).toMatch(/"\.\/missing\.sh", does not exist or is not executable/);
  expect(faultOf("i")).toMatch(/"no-such-program", is not in PATH/);
  expect(faultOf("j")).toMatch(/does not exist or is not executable/);
  expect(faultOf("k")).toMatch(/`env.A=B`: .*`env.D`: .*`memory_mb`: /);
  expect(faultOf("l")).toMatch(/`command.1`: must not have a NUL character/);
  expect(faultOf("m")).toMatch(/EISDIR/);
  expect(faultOf("n")).toMatch(/does not exist or is not executable/);
});

test("a file may not take the id of a folder", async () => {
  const directory = await directoryWith({
    "a/processor.json": json({ id: "same", command: ["sh"] }),
    "b.mjs": `import { defineProcessor } from "innovation-ecosystem-platform/processors";
      export default defineProcessor({ id: "same", run: () => null });`,
  });
  expect((await loadProcessors({ directory })).faults).toEqual([
    {
      file: join(directory, "b.mjs"),
      message: `the id "same" is taken by ${join(directory, "a/processor.json")}`,
    },
  ]);
});
