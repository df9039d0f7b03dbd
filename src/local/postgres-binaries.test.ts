import { execFile } from "node:child_process";
import { chmod, cp, lstat, readFile, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { temporaryFolder } from "../../test/support/temporary-folder.ts";
import { completeInstall, findPostgresBinaries } from "./postgres-binaries.ts";

const run = promisify(execFile);

test("the installed binaries are PostgreSQL 15 or newer", async () => {
  const { initdb, postgres } = await findPostgresBinaries();
  for (const program of [initdb, postgres]) {
    const [, major] = /\(PostgreSQL\) (\d+)/.exec((await run(program, ["--version"])).stdout) ?? [];
    expect(Number(major)).toBeGreaterThanOrEqual(15);
  }
});

test("a package whose install script did not run is completed, once or twice", async () => {
  const { initdb } = await findPostgresBinaries();
  const installed = dirname(dirname(dirname(initdb)));
  const copy = await temporaryFolder();
  await cp(join(installed, "native"), join(copy, "native"), { recursive: true, verbatimSymlinks: true });
  const copied = join(copy, "native/bin/initdb");
  const links = JSON.parse(await readFile(join(copy, "native/pg-symlinks.json"), "utf8")) as {
    target: string;
  }[];
  for (const { target } of links) await rm(join(copy, target), { force: true });
  await chmod(copied, 0o644);
  await expect(run(copied, ["--version"])).rejects.toThrow("EACCES"); // Or this test would prove nothing.

  await completeInstall(copy);
  await completeInstall(copy);
  expect((await run(copied, ["--version"])).stdout).toContain("initdb (PostgreSQL)");
  for (const { target } of links) expect((await lstat(join(copy, target))).isSymbolicLink()).toBe(true);
});
