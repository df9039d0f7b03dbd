import type { AuditRow } from "../core/model/audit.ts";
import { EntryAnswer, WalletAnswer, type JobAnswer } from "./answers.ts";
import { createClient, listAll, type DemoClient } from "./client.ts";
import { createBuyer, createJobTypes, type DemoBuyer, type JobTypeIds } from "./market.ts";
import type { Progress } from "./progress.ts";
import type { CustomerRecord, DemoRecord } from "./record.ts";
import { submitAll, type Submission } from "./submit.ts";
import { watchUntilEnded } from "./watch.ts";
import { countJobs, type PlannedCustomer } from "./workload.ts";

export interface PlayOptions {
  readonly workload: readonly PlannedCustomer[];
  readonly api_url: string;
  readonly adminApiKey: string;
  /** The one thing that users cannot ask over HTTP. */
  readonly audit: () => Promise<AuditRow[]>;
  readonly progress: Progress;
  /** Ends whatever is under way. */
  readonly signal: AbortSignal;
}

/**
 * The main job from start to end, as its users know it: over HTTP, with their keys, and nothing else. A
 * runner must be at work already.
 */
export async function playDemo(options: PlayOptions): Promise<DemoRecord> {
  const { workload, api_url: url, adminApiKey, audit, progress, signal } = options;
  const clientOf = (key: string): DemoClient => createClient({ url, key, signal });
  const admin = clientOf(adminApiKey);
  const jobTypes = await createJobTypes(admin);
  const buyers = await Promise.all(workload.map((planned) => createBuyer(admin, planned, clientOf)));

  const began_ms = Date.now();
  const { jobs, submissions } = await trade({ admin, buyers, jobTypes, progress, signal });
  const customers = buyers.map((buyer) =>
    readRecord(buyer, jobs.get(buyer) ?? [], submissions.get(buyer) ?? []),
  );
  return { customers: await Promise.all(customers), audit: await audit(), began_ms };
}

interface Market {
  readonly admin: DemoClient;
  readonly buyers: readonly DemoBuyer[];
  readonly jobTypes: JobTypeIds;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

/** All customers submit at once, and the queue is watched until the last job has ended. */
async function trade({ admin, buyers, jobTypes, progress, signal }: Market) {
  const submissions = new Map(buyers.map((buyer): [DemoBuyer, Submission[]] => [buyer, []]));
  const { inBatches, singles } = countJobs(buyers.map(({ planned }) => planned));
  let accepted = 0;
  let open = inBatches + singles;
  const [jobs] = await Promise.all([
    watchUntilEnded({
      admin,
      buyers,
      counts: () => ({ accepted, open }),
      onProgress: (state) => progress.update(state),
      signal,
    }),
    ...buyers.map((buyer) =>
      submitAll({
        buyer,
        jobTypes,
        onAnswer(answers) {
          submissions.get(buyer)?.push(...answers);
          open -= answers.length;
          accepted += answers.filter((answer) => "job_id" in answer).length;
        },
        signal,
      }),
    ),
  ]);
  return { jobs, submissions };
}

async function readRecord(
  { id, planned, client }: DemoBuyer,
  jobs: readonly JobAnswer[],
  submissions: readonly Submission[],
): Promise<CustomerRecord> {
  const [wallet, entries] = await Promise.all([
    client.get(`/customers/${id}/wallet`, WalletAnswer),
    listAll(client, `/customers/${id}/wallet/entries`, EntryAnswer),
  ]);
  return { planned, submissions, jobs, wallet, entries };
}
