import { expect, test } from "vitest";
import { testContext } from "../sdk/test-context.ts";
import { StderrLog } from "./stderr-log.ts";

function logOf(chunks: readonly string[], isCut = false) {
  const { log, recorded } = testContext();
  const stderr = new StderrLog(log);
  for (const chunk of chunks) stderr.push(Buffer.from(chunk));
  stderr.finish(isCut);
  return { lines: recorded.logs.map(({ message }) => message), tail: stderr.tail };
}

const x = (count: number): string => "x".repeat(count);

test("a line is logged as it is, also one that comes in pieces or has no end", () => {
  const { lines, tail } = logOf(["one\ntw", "o\n\n", "three"]);
  expect(lines).toEqual(["one", "two", "three"]);
  expect(tail.trimEnd()).toBe("one\ntwo\n\nthree");
});

test("the pieces of a longer line say where they were cut, whenever they come", () => {
  expect(logOf([`${x(2_000)}rest\nnext\n`]).lines).toEqual([`${x(2_000)}…`, "…rest", "next"]);
  expect(logOf([x(2_001), x(2_000), "rest\n", "next\n"]).lines).toEqual([
    `${x(2_000)}…`,
    "…x…",
    `…${x(2_000)}…`,
    "…rest",
    "next",
  ]);
  expect(logOf([x(2_001), "\nnext\n"]).lines).toEqual([`${x(2_000)}…`, "…x…", "next"]);
});

test("the last line of a command that was killed may be cut", () => {
  expect(logOf(["one\ntw"], true).lines).toEqual(["one", "tw…"]);
});

test("a tail that is not all of it begins with a mark", () => {
  expect(logOf([`${x(3_000)}\n`, "end\n"]).tail).toBe(`…${x(1_995)}\nend\n`);
  expect(logOf([`${x(1_990)}\n`]).tail.trimEnd()).toBe(x(1_990));
});
