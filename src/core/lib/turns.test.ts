import { setImmediate as nextRound } from "node:timers/promises";
import { expect, test } from "vitest";
import { Turns } from "./turns.ts";

test("one piece of work at a time, in order, with room for others between two", async () => {
  const turns = new Turns();
  const seen: string[] = [];
  const others = (async () => {
    for (let n = 0; n < 8; n += 1) {
      await nextRound();
      seen.push("other");
    }
  })();
  const works = ["a", "b", "c"].map((name) =>
    turns.take(async () => {
      seen.push(`${name} begins`);
      await nextRound();
      seen.push(`${name} ends`);
      return name;
    }),
  );
  expect(await Promise.all(works)).toEqual(["a", "b", "c"]);
  await others;
  const own = seen.filter((one) => one !== "other");
  expect(own).toEqual(["a", "b", "c"].flatMap((name) => [`${name} begins`, `${name} ends`]));
  for (const name of ["b", "c"]) expect(seen[seen.indexOf(`${name} begins`) - 1]).toBe("other");
});

test("work that fails is told to whoever asked for it, and the next has its turn", async () => {
  const turns = new Turns();
  const failed = turns.take(() => Promise.reject(new Error("no")));
  const next = turns.take(() => 1);
  await expect(failed).rejects.toThrow("no");
  expect(await next).toBe(1);
});
