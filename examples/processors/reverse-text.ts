import { defineProcessor } from "innovation-ecosystem-platform/processors";
import { z } from "zod";

/** An example of a processor of your own: copy it, give it an `id`, and name that in a job type. */
export default defineProcessor({
  id: "text.reverse",
  description: "Turns a text around, character by character.",
  input: z.strictObject({ text: z.string().max(10_000) }),
  output: z.strictObject({ text: z.string() }),
  run({ text }) {
    // Graphemes, not code units: an emoji or a letter with an accent stays whole.
    const characters = [...new Intl.Segmenter("en").segment(text)].map(({ segment }) => segment);
    return { text: characters.toReversed().join("") };
  },
});
