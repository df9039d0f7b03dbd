import * as fc from "fast-check";
import { expect, test } from "vitest";
import { segmentText } from "./segment-text.ts";

const GRANULARITIES = ["grapheme", "word", "sentence"] as const;

function segmentsOf(text: string, granularity: (typeof GRANULARITIES)[number]): string[] {
  return Array.from(segmentText(text, granularity), ({ segment }) => segment);
}

/** What the engine gives when it gets the text whole. */
function wholeSegmentsOf(text: string, granularity: (typeof GRANULARITIES)[number]): string[] {
  const segmenter = new Intl.Segmenter("en", { granularity });
  return Array.from(segmenter.segment(text), ({ segment }) => segment);
}

const piece = fc.constantFrom(
  ..."Mr. Smith paid 3.50 €|Привет, мир!|Ça va? |👩‍👩‍👧‍👦|🇪🇺🇩🇪🇫🇷|e\u0301|\r\n|\n\n|”|can't |a_b.c |नमस्ते। |العربية. |한국어 |... |\u200d|word ".split(
    "|",
  ),
);

test.each(GRANULARITIES)("a text cut into windows has the %ss of the whole", (granularity) => {
  fc.assert(
    fc.property(fc.array(piece, { minLength: 300, maxLength: 400 }), (pieces) => {
      const text = pieces.join("");
      expect(segmentsOf(text, granularity)).toEqual(wholeSegmentsOf(text, granularity));
    }),
    { numRuns: 20 },
  );
});

test.each(GRANULARITIES)("no %s is lost or told twice, whatever the text", (granularity) => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", minLength: 1_500, maxLength: 4_000 }), (text) => {
      const segments = [...segmentText(text, granularity)];
      expect(segments.map(({ segment }) => segment).join("")).toBe(text);
      for (const { segment, index } of segments) expect(text.startsWith(segment, index)).toBe(true);
    }),
    { numRuns: 20 },
  );
});

test("a sentence longer than any window stays whole", () => {
  const sentence = `On${" and on".repeat(10_000)}. `;
  const lengths = segmentsOf(`Short. ${sentence}Short.`, "sentence").map((segment) => segment.length);
  expect(lengths).toEqual([7, sentence.length, 6]);
});

test("an empty text has no segments", () => {
  expect(segmentsOf("", "word")).toEqual([]);
});
