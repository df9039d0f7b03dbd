import { execFile } from "node:child_process";
import { copyFile, mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, expect, test } from "vitest";
import { temporaryFolder } from "./support/temporary-folder.ts";

const REPOSITORY = fileURLToPath(new URL("..", import.meta.url));

let house: string;

beforeAll(async () => {
  house = await temporaryFolder();
  await copyFile(join(REPOSITORY, ".oxlintrc.json"), join(house, ".oxlintrc.json"));
});

test.each([
  ["src/core", "../postgres/pool.ts"],
  ["src/core", "../queue/redis-lists.ts"],
  ["src/core", "pg"],
  ["src/core", "ioredis"],
  ["src/postgres", "../queue/redis-lists.ts"],
  ["src/postgres", "../runner/runner.ts"],
  ["src/queue", "../postgres/pool.ts"],
  ["src/queue", "../api/server.ts"],
  ["src/processors", "../runner/runner.ts"],
  ["src/processors", "pg"],
  ["src/runner", "../postgres/pool.ts"],
  ["src/runner", "../queue/redis-lists.ts"],
  ["src/upkeep", "../postgres/pool.ts"],
  ["src/api", "../postgres/pool.ts"],
  ["src/api", "../cli/program.ts"],
  ["src/cli", "../bin/config.ts"],
  ["src/local", "../bin/config.ts"],
])("a file in %s that imports %s fails the lint", async (folder, specifier) => {
  expect(await lint(folder, specifier)).toContain("no-restricted-imports");
});

test.each([
  ["src/postgres", "../core/job.ts"],
  ["src/queue", "../core/job.ts"],
  ["src/runner", "../processors/registry.ts"],
  ["src/api", "../core/job.ts"],
  ["src/bin", "../postgres/pool.ts"],
])("a file in %s may import %s", async (folder, specifier) => {
  expect(await lint(folder, specifier)).not.toContain("no-restricted-imports");
});

/** What the linter says, with the project's own rules, of a file that has this one import. */
async function lint(folder: string, specifier: string): Promise<string> {
  const file = join(house, folder, `probe-${specifier.replaceAll(/\W/g, "-")}.ts`);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, `import * as probe from "${specifier}";\nexport const used = probe;\n`);
  const oxlint = join(REPOSITORY, "node_modules/.bin/oxlint");
  return await new Promise((resolve) => {
    execFile(oxlint, ["-f", "unix", file], { cwd: house }, (_error, stdout, stderr) =>
      resolve(stdout + stderr),
    );
  });
}
