import { createClient, InsufficientFundsError, JobFailedError } from "innovation-ecosystem-platform-sdk";

// Runs one job for each argument by the SDK, shows how far each is, and says what it returned and cost.
//
//   API=http://127.0.0.1:3000 KEY=iep_… \
//     node --import tsx examples/run-with-sdk.ts "Text statistics" "One fish." "Two fish."
//
// Ctrl-C cancels the job that runs. It costs nothing then.

/** As `iep job-types types` writes it for the job types of a platform. */
interface JobTypes {
  "Text statistics": { input: { text: string }; output: { words: number } };
}

const { API = "http://127.0.0.1:3000", KEY = "" } = process.env;
const texts = process.argv.slice(2);
const iep = createClient<JobTypes>({ baseUrl: API, apiKey: KEY });

const stop = new AbortController();
process.once("SIGINT", () => stop.abort());

try {
  for (const text of texts) {
    const { output_data, cost_cents } = await iep.jobs.run(
      "Text statistics",
      { text },
      { signal: stop.signal, onProgress: ({ fraction }) => console.error(`${Math.round(fraction * 100)} %`) },
    );
    console.log(`${output_data.words} words, ${cost_cents} cents`);
  }
  const { available_cents, currency } = await iep.wallet.get();
  console.log(`${available_cents} cents of ${currency} are left`);
} catch (error) {
  if (error instanceof InsufficientFundsError)
    console.log(`top up: ${error.required_cents} cents are needed, ${error.available_cents} are there`);
  else if (error instanceof JobFailedError) console.log(`failed, at no cost: ${error.code}`);
  else throw error;
}
