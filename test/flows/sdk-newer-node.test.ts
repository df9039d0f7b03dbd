import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

// The SDK's own suite, on the Node that the bench brings: `npm run verify` installs it.

const REPOSITORY = fileURLToPath(new URL("../..", import.meta.url));
const NODE = `${REPOSITORY}bench/node_modules/node-${process.platform}-${process.arch}/bin/node`;
const VITEST = `${REPOSITORY}node_modules/vitest/vitest.mjs`;
const isMissing = !existsSync(NODE) && process.env["CI"] === undefined;

test.skipIf(isMissing)("the SDK's suite passes on Node 24", { timeout: 300_000 }, async () => {
  expect(await run(["--version"])).toMatch(/^v24\./);
  const report = await run([
    VITEST,
    "run",
    "--project=whole",
    "--reporter=json",
    "--maxWorkers=1",
    "sdk/test",
  ]);
  const { numPassedTests, numTotalTests } = JSON.parse(report.slice(report.indexOf("{"))) as {
    readonly numPassedTests: number;
    readonly numTotalTests: number;
  };
  expect(numPassedTests).toBeGreaterThan(50);
  expect(numPassedTests).toBe(numTotalTests);
});

/** Returns what it prints to stdout. Throws with all that it prints when it fails. */
async function run(args: readonly string[]): Promise<string> {
  const env = { PATH: process.env["PATH"], HOME: process.env["HOME"] };
  const options = { cwd: REPOSITORY, env, maxBuffer: 2 ** 26 };
  return await new Promise((resolve, reject) => {
    execFile(NODE, args, options, (error, stdout, stderr) =>
      error ? reject(new Error(`${stdout}\n${stderr}`)) : resolve(stdout),
    );
  });
}
