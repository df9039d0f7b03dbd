import { setTimeout as wait } from "node:timers/promises";
import { BatchAnswer, CreatedAnswer, type RefusalAnswer } from "./answers.ts";
import { RequestRefusedError } from "./client.ts";
import type { DemoBuyer, JobTypeIds } from "./market.ts";
import type { PlannedJob } from "./workload.ts";

/** Between two single jobs of a customer. */
const SINGLE_EVERY_MS = 100;

/** A job that was asked for, and what became of it. */
export type Submission = { readonly planned: PlannedJob } & (
  { readonly job_id: string } | { readonly refusal: { readonly status: number } & RefusalAnswer }
);

export interface SubmitOptions {
  readonly buyer: DemoBuyer;
  readonly jobTypes: JobTypeIds;
  /** Told of each answer at once. */
  readonly onAnswer: (submissions: readonly Submission[]) => void;
  readonly signal: AbortSignal;
}

/**
 * All that a customer asks for: first its batches, as fast as they are answered, then job by job while the
 * runner works on those.
 */
export async function submitAll({ buyer, jobTypes, onAnswer, signal }: SubmitOptions): Promise<void> {
  for (const batch of buyer.planned.batches) onAnswer(await submitBatch(buyer, jobTypes, batch));
  for (const job of buyer.planned.singles) {
    onAnswer([await submitSingle(buyer, jobTypes, job)]);
    await wait(SINGLE_EVERY_MS, undefined, { signal });
  }
}

async function submitBatch(
  { client }: DemoBuyer,
  jobTypes: JobTypeIds,
  batch: readonly PlannedJob[],
): Promise<Submission[]> {
  const jobs = batch.map((planned) => requestFor(planned, jobTypes));
  const { results } = await client.post("/jobs/batch", { jobs }, BatchAnswer);
  if (results.length !== batch.length)
    throw new Error(`POST /jobs/batch answered ${results.length} results for ${batch.length} jobs`);
  return batch.map((planned, index): Submission => {
    const result = results[index];
    if (!result) throw new Error(`POST /jobs/batch left out result ${index}`);
    return "job" in result
      ? { planned, job_id: result.job.id }
      : { planned, refusal: { status: result.status, ...result.problem } };
  });
}

async function submitSingle(
  { client }: DemoBuyer,
  jobTypes: JobTypeIds,
  planned: PlannedJob,
): Promise<Submission> {
  try {
    const { id } = await client.post("/jobs", requestFor(planned, jobTypes), CreatedAnswer);
    return { planned, job_id: id };
  } catch (error) {
    // Too little money is part of the plan; any other refusal is not.
    if (!(error instanceof RequestRefusedError) || error.status !== 402) throw error;
    return { planned, refusal: { status: 402, code: error.code, detail: error.message } };
  }
}

function requestFor({ kind, priority, input_data }: PlannedJob, jobTypes: JobTypeIds) {
  return { job_type_id: jobTypes[kind], priority, input_data };
}
