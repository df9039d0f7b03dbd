import { expect, test } from "vitest";
import { readPosition, writePosition, type ArrivalPosition } from "./arrival-position.ts";

const between: ArrivalPosition = {
  from: "9223372036854775807",
  since_ms: 0,
  mark: { transaction: "18", at_ms: 1_795_000_000_123 },
  round: undefined,
};
const within = { ...between, round: { below: "20", id: "019ab1f0-5b0e-7c1f-8a3d-6f1f7e0c2d11" } };

test.each([between, within])("a position is read as it was written", (position) => {
  expect(readPosition(writePosition(position))).toEqual(position);
});

test.each([
  "",
  "a1",
  "a1 1 2 3",
  "a1 1 2 3 4 5",
  "a1 -1 2 3 4",
  "a1 01 2 3 4",
  "a1 1 2 3 4 5 019ab1f0",
  "a1 99999999999999999999 2 3 4",
  `${writePosition(within)} `,
  "019ab1f0-5b0e-7c1f-8a3d-6f1f7e0c2d11",
])("%j is none", (text) => {
  expect(readPosition(text)).toBeUndefined();
});
