import { expect, test } from "vitest";
import { streamObject } from "./stream-object.ts";

test.each([
  { pages: [] },
  { pages: [[]] },
  { pages: [[1]] },
  { pages: [[{ text: "two\nlines", none: null }, []], [], ["a", { deep: { list: [1, 2] } }]] },
])("the pieces are the text of the whole: $pages", async ({ pages }) => {
  async function* read(): AsyncGenerator<readonly unknown[]> {
    yield* pages;
  }
  const [before, after] = [{ id: 1, from: null }, { end: { balance: 2 } }];
  let text = "";
  for await (const piece of streamObject(before, ["the list", read()], after)) text += piece;
  expect(text).toBe(JSON.stringify({ ...before, "the list": pages.flat(), ...after }, null, 2));
});
