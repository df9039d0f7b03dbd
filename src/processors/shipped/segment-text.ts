// Made once, because making one costs as much as a page of text. The locale is named, because the default is
// the machine's: the same text must give the same segments everywhere.
const SEGMENTERS = {
  grapheme: new Intl.Segmenter("en", { granularity: "grapheme" }),
  word: new Intl.Segmenter("en", { granularity: "word" }),
  sentence: new Intl.Segmenter("en", { granularity: "sentence" }),
} as const;
/**
 * UTF-16 units segmented at a time. Node 20 takes time by the square of it: a megabyte whole is an hour, so
 * cut a second.
 */
const WINDOW_LENGTH = 1_024;
/** What is left to the next window, because the text after the cut could move a boundary this near to it. */
const MARGIN_LENGTH = 128;

export interface Segment {
  readonly segment: string;
  /** UTF-16 units before it in the text. */
  readonly index: number;
  /** Of words: has a letter or a figure, is not only space or punctuation. */
  readonly isWordLike: boolean;
}

/**
 * Cuts a text into what its reader sees as characters, words or sentences (UAX 29), in time linear to its
 * length.
 */
export function* segmentText(
  text: string,
  granularity: "grapheme" | "word" | "sentence",
): Generator<Segment> {
  let windowLength = WINDOW_LENGTH;
  for (let start = 0; start < text.length;) {
    const end = Math.min(start + windowLength, text.length);
    const safeEnd = end === text.length ? end : end - MARGIN_LENGTH;
    let next = start;
    for (const { segment, isWordLike } of SEGMENTERS[granularity].segment(text.slice(start, end))) {
      if (next + segment.length > safeEnd) break;
      yield { segment, index: next, isWordLike: isWordLike === true };
      next += segment.length;
    }
    // Not even one segment fits, such as a very long sentence: look further.
    windowLength = next === start ? windowLength * 2 : WINDOW_LENGTH;
    start = next;
  }
}
