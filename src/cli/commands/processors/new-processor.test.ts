import { spawnSync } from "node:child_process";
import { mkdir, readdir, readFile, symlink } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { lacksPython } from "../../../../examples/python.ts";
import { directoryWith } from "../../../../test/support/directory-with.ts";
import { localProcessorsOf } from "../../../../test/support/local-processors.ts";
import { createTestCli } from "../../../../test/support/test-cli.ts";

const REPOSITORY = fileURLToPath(new URL("../../../..", import.meta.url));

/** A project of somebody's: it has this package, and those that come with it. */
async function createProject(packages: readonly string[] = []): Promise<string> {
  const project = await directoryWith({});
  await mkdir(join(project, "node_modules"));
  await symlink(REPOSITORY, join(project, "node_modules/innovation-ecosystem-platform"));
  for (const name of ["zod", "tsx", ...packages])
    await symlink(join(REPOSITORY, "node_modules", name), join(project, "node_modules", name));
  return project;
}

async function cliIn(directory: string) {
  return await createTestCli({ localProcessors: localProcessorsOf(directory) });
}

const FORMS: [options: string[], files: string[], output: unknown][] = [
  [[], ["text-shout.test.ts", "text-shout.ts"], { text: "HELLO" }],
  [["--js"], ["text-shout.mjs", "text-shout.test.mjs"], { text: "HELLO" }],
  [["--command", "node"], ["text-shout", "text-shout.test.mjs"], { text: "HELLO" }],
  [["--command", "sh"], ["text-shout", "text-shout.test.mjs"], { words: 1 }],
];
if (!lacksPython)
  FORMS.push([["--command", "python3"], ["text-shout", "text-shout.test.mjs"], { text: "HELLO" }]);

describe("a new processor", () => {
  test.each(FORMS)("%j: runs as it is, and its test passes", async (options, files, output) => {
    const project = await createProject();
    const directory = join(project, "processors");
    await mkdir(directory);
    const cli = await cliIn(directory);
    const { exitCode, stdout, stderr } = await cli.run("processors", "new", "text.shout", ...options);
    expect({ exitCode, lines: stdout.match(/^created /gm)?.length }).toMatchObject({ exitCode: 0 });
    expect((await readdir(directory)).toSorted()).toEqual(files);

    // What it says to type next, as it says it.
    const [, input = ""] = /iep processors run text\.shout --input '(.*)'/.exec(stderr) ?? [];
    expect(await cli.json("processors", "run", "text.shout", "--input", input)).toMatchObject({
      outcome: "succeeded",
      output,
      progress: { fraction: 1 },
    });
    const [, line = ""] = /^ {2}(node .*--test .*)$/m.exec(stderr) ?? [];
    const [, ...words] = line.split(" ");
    const tested = spawnSync(process.execPath, ["--conditions=iep-source", "--import", "tsx", ...words], {
      cwd: project,
      encoding: "utf8",
      env: { PATH: process.env["PATH"], HOME: process.env["HOME"] },
    });
    expect(tested.stdout + tested.stderr).toMatch(/^# pass [23]$/m);
    expect(tested.status).toBe(0);
  });

  test("in the form of vitest where that is installed", async () => {
    const project = await createProject(["vitest"]);
    const cli = await cliIn(project);
    const { stderr } = await cli.run("processors", "new", "text.shout");
    expect(stderr).toContain("npx vitest run ");
    expect(await readFile(join(project, "text-shout.test.ts"), "utf8")).toContain('from "vitest"');
  });

  test("as JSON names its files", async () => {
    const directory = await directoryWith({});
    const cli = await cliIn(directory);
    expect(await cli.json("processors", "new", "a.b", "--command", "sh")).toEqual({
      id: "a.b",
      files: ["a-b/main.sh", "a-b/processor.json", "a-b.test.mjs"].map((name) => join(directory, name)),
    });
  });
});

describe("is refused", () => {
  test("when a file of it exists, and then nothing is written", async () => {
    const directory = await directoryWith({ "text-shout.test.ts": "mine", "other.test.ts": "" });
    const cli = await cliIn(directory);
    const { exitCode, stderr } = await cli.run("processors", "new", "text.shout");
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/text-shout\.test\.ts exists already: nothing was written/);
    expect(await readdir(directory)).toEqual(["other.test.ts", "text-shout.test.ts"]);
    expect(await readFile(join(directory, "text-shout.test.ts"), "utf8")).toBe("mine");
  });

  test.each([
    [["echo"], 1, 'the id "echo" is taken by a processor that ships'],
    [["Text Shout"], 2, 'must be lower-case words joined by ".", "_" or "-"'],
    [["../evil"], 2, "must be lower-case words"],
    [["a".repeat(101)], 2, "must have at most 100 characters"],
    [["a", "--command", "ruby"], 2, "must be one of python3, node, sh"],
    [["a", "--js", "--command", "sh"], 2, "--js and --command are two forms: give one"],
    [[], 2, "missing required argument"],
  ])("%j", async (words, code, message) => {
    const directory = await directoryWith({});
    const { exitCode, stderr } = await (await cliIn(directory)).run("processors", "new", ...words);
    expect(stderr).toContain(message);
    expect(exitCode).toBe(code);
    expect(await readdir(directory)).toEqual([]);
  });

  test("where the folder is a file", async () => {
    const directory = await directoryWith({ processors: "a file" });
    const { exitCode, stderr } = await (
      await cliIn(join(directory, "processors"))
    ).run("processors", "new", "a");
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/the processor cannot be written: E(NOTDIR|EXIST)/);
  });
});
