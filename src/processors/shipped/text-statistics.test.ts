import * as fc from "fast-check";
import { expect, test } from "vitest";
import { testContext, runForTest } from "../sdk/test-context.ts";
import textStatistics from "./text-statistics.ts";

test("a text is counted as its reader would", async () => {
  const text = "The cat saw the dog. Did the dog see it?\nIt didn't!";
  expect(await runForTest(textStatistics, { text })).toEqual({
    characters: 51,
    words: 12,
    sentences: 3,
    lines: 2,
    unique_words: 8,
    frequent_words: [
      { word: "the", count: 3 },
      { word: "dog", count: 2 },
      { word: "it", count: 2 },
      { word: "cat", count: 1 },
      { word: "did", count: 1 },
      { word: "didn't", count: 1 },
      { word: "saw", count: 1 },
      { word: "see", count: 1 },
    ],
    average_word_length: 3.08,
    reading_time_seconds: 4,
    reading_words_per_minute: 238,
  });
});

test("an empty text has nothing", async () => {
  expect(await runForTest(textStatistics, { text: "" })).toMatchObject({
    characters: 0,
    words: 0,
    sentences: 0,
    lines: 0,
    frequent_words: [],
    average_word_length: null,
    reading_time_seconds: 0,
  });
});

test("an emoji of many code points is one character", async () => {
  expect(await runForTest(textStatistics, { text: "👩‍👩‍👧‍👦🇪🇺" })).toMatchObject({ characters: 2, words: 0 });
});

test("words of a script without spaces are told apart", async () => {
  expect(await runForTest(textStatistics, { text: "今日は良い天気です。明日は雨です。" })).toMatchObject({
    characters: 17,
    words: 9,
    sentences: 2,
  });
});

test("a word is the same in either case and however its accent is encoded", async () => {
  const text = "Été ÉTÉ e\u0301te\u0301";
  const output = await runForTest(textStatistics, { text });
  expect(output).toMatchObject({ words: 3, unique_words: 1, average_word_length: 3 });
});

test("of more than ten words the most frequent are listed, equals by alphabet", async () => {
  const text = "m l k j i h g f e d c b a z z é";
  const output = await runForTest(textStatistics, { text });
  expect(output).toMatchObject({
    unique_words: 15,
    frequent_words: ["z", "a", "b", "c", "d", "e", "é", "f", "g", "h"].map((word) => ({
      word,
      count: word === "z" ? 2 : 1,
    })),
  });
});

test("a word of a megabyte is counted, but not listed", async () => {
  expect(await runForTest(textStatistics, { text: `${"é".repeat(999_996)} é é` })).toMatchObject({
    words: 3,
    unique_words: 2,
    average_word_length: 333_332.67,
    frequent_words: [{ word: "é", count: 2 }],
  });
});

test("every kind of line break ends a line", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.stringMatching(/^[a-z ]*$/), fc.constantFrom("\n", "\r\n"))),
      async (lines) => {
        const text = lines.flat().join("");
        expect(await runForTest(textStatistics, { text })).toMatchObject({ lines: lines.length });
      },
    ),
  );
});

test("a megabyte is counted in turns, with progress that only grows", async () => {
  const context = testContext();
  const text = "Lorem ipsum dolor sit. ".repeat(43_478);
  expect(await runForTest(textStatistics, { text }, context)).toMatchObject({
    words: 4 * 43_478,
    sentences: 43_478,
    unique_words: 4,
  });
  const fractions = context.recorded.progress.map(({ fraction }) => fraction);
  expect(fractions.length).toBeGreaterThan(5);
  expect(fractions).toEqual(fractions.toSorted((a, b) => a - b));
  expect(fractions.at(-1)).toBeLessThanOrEqual(1);
});

test("an abort ends the counting", async () => {
  const stop = new AbortController();
  const reason = new Error("cancelled");
  const context = testContext({ signal: stop.signal });
  const attempt = runForTest(
    textStatistics,
    { text: "word ".repeat(200_000) },
    {
      ...context,
      progress: () => stop.abort(reason),
    },
  );
  await expect(attempt).rejects.toBe(reason);
});

test("a text beyond the limit is refused", async () => {
  await expect(runForTest(textStatistics, { text: "a".repeat(1_000_001) })).rejects.toThrow("/text: ");
});
