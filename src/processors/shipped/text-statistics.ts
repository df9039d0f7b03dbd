import { z } from "zod";
import { defineProcessor } from "../sdk/define-processor.ts";
import { shareEventLoop, type SharedEventLoop } from "./share-event-loop.ts";
import { segmentText, type Segment } from "./segment-text.ts";

/** Silent reading of English non-fiction: Brysbaert, "How many words do we read per minute?", 2019. */
const READING_WORDS_PER_MINUTE = 238;
const FREQUENT_WORDS_MAX = 10;
/** Longer ones count, but are not listed: a text may be one word of a megabyte. */
const LISTED_WORD_LENGTH_MAX = 100;

/** Named, because the default is the machine's. */
const alphabet = new Intl.Collator("en");

interface WordCount {
  readonly word: string;
  readonly count: number;
}

/**
 * Counts what a reader sees: a character is a grapheme, words and sentences end where Unicode (UAX 29) says.
 */
export default defineProcessor({
  id: "text.statistics",
  description:
    "Counts characters, words, sentences and lines, finds frequent words, estimates the reading time.",
  input: z.strictObject({ text: z.string().max(1_000_000) }),
  output: z.strictObject({
    characters: z.int(),
    words: z.int(),
    sentences: z.int(),
    lines: z.int(),
    unique_words: z.int(),
    frequent_words: z.array(z.strictObject({ word: z.string(), count: z.int() })),
    average_word_length: z.number().nullable(),
    reading_time_seconds: z.int(),
    reading_words_per_minute: z.int(),
  }),
  async run({ text }, ctx) {
    const eventLoop = shareEventLoop(ctx.signal);
    const granularities = ["grapheme", "word", "sentence"] as const;

    /** Shows each segment to `visit`, and yields often: a megabyte is about a second of work. */
    async function eachSegment(pass: 0 | 1 | 2, visit: (segment: Segment) => void): Promise<void> {
      for (const segment of segmentText(text, granularities[pass])) {
        visit(segment);
        if (!eventLoop.isDue()) continue;
        ctx.progress((pass + segment.index / text.length) / granularities.length);
        await eventLoop.yield();
      }
    }

    let characters = 0;
    let lineBreaks = 0;
    await eachSegment(0, ({ segment }) => {
      characters += 1;
      if (segment === "\n" || segment === "\r\n" || segment === "\r") lineBreaks += 1;
    });

    let words = 0;
    let letters = 0;
    const counts = new Map<string, number>();
    await eachSegment(1, ({ segment, isWordLike }) => {
      if (!isWordLike) return;
      words += 1;
      const word = segment.normalize("NFC").toLowerCase();
      letters += countLetters(word);
      counts.set(word, (counts.get(word) ?? 0) + 1);
    });

    let sentences = 0;
    await eachSegment(2, ({ segment }) => {
      if (/[\p{L}\p{N}]/u.test(segment)) sentences += 1;
    });

    const endsWithinLine = text !== "" && !/[\r\n]$/.test(text);
    return {
      characters,
      words,
      sentences,
      lines: lineBreaks + (endsWithinLine ? 1 : 0),
      unique_words: counts.size,
      frequent_words: await mostFrequent(counts, eventLoop),
      average_word_length: words === 0 ? null : Math.round((letters / words) * 100) / 100,
      reading_time_seconds: Math.ceil((words / READING_WORDS_PER_MINUTE) * 60),
      reading_words_per_minute: READING_WORDS_PER_MINUTE,
    };
  },
});

/** An accent or a vowel sign belongs to its letter. */
function countLetters(word: string): number {
  return /^[a-z0-9]*$/.test(word) ? word.length : Array.from(word.replaceAll(/\p{M}/gu, "")).length;
}

/**
 * The first by count, then alphabet. Keeps ten while it looks at all, instead of sorting half a million
 * words.
 */
async function mostFrequent(
  counts: ReadonlyMap<string, number>,
  eventLoop: SharedEventLoop,
): Promise<WordCount[]> {
  const first: WordCount[] = [];
  for (const [word, count] of counts) {
    if (eventLoop.isDue()) await eventLoop.yield();
    if (word.length > LISTED_WORD_LENGTH_MAX) continue;
    const last = first[FREQUENT_WORDS_MAX - 1];
    if (last !== undefined && byFrequency({ word, count }, last) >= 0) continue;
    first.push({ word, count });
    first.sort(byFrequency);
    first.length = Math.min(first.length, FREQUENT_WORDS_MAX);
  }
  return first;
}

function byFrequency(a: WordCount, b: WordCount): number {
  return b.count - a.count || alphabet.compare(a.word, b.word);
}
