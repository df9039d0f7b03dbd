import { afterAll, onTestFinished, TestRunner } from "vitest";

type Work = () => Promise<unknown>;

const endOfFile: Work[] = [];

/**
 * Does `work` when the running test has ended, or with the file when no test is running (in `beforeAll`).
 * What came last goes first.
 */
export function atTheEnd(work: Work): void {
  if (TestRunner.getCurrentTest()) onTestFinished(async () => void (await work()));
  else endOfFile.push(work);
}

// This module is loaded once a test file, before its hooks: those of the file itself run first.
afterAll(async () => {
  for (const work of endOfFile.splice(0).toReversed()) await work();
});
