import type { Priority } from "../core/model/job.ts";
import { KINDS, makeInput, seededRandom, type DemoInput, type Kind, type Random } from "./inputs.ts";

/** What the demo sells. */
export const DEMO_JOB_TYPES = {
  text: { name: "Text statistics", processing_logic_id: "text.statistics", standard_cost_cents: 4 },
  csv: { name: "CSV summary", processing_logic_id: "csv.summary", standard_cost_cents: 12 },
  file: { name: "File fingerprint", processing_logic_id: "file.sha256", standard_cost_cents: 2 },
  simulate: { name: "Simulated work", processing_logic_id: "simulate", standard_cost_cents: 9 },
} as const satisfies Record<Kind, object>;

export interface PlannedCustomer {
  readonly name: string;
  readonly email: string;
  readonly top_up_cents: number;
  /** Each goes out as one POST /jobs/batch, one after another. */
  readonly batches: readonly (readonly PlannedJob[])[];
  /** Go out afterwards, one by one, while the runner is busy with the batches. */
  readonly singles: readonly PlannedJob[];
}

export interface PlannedJob extends DemoInput {
  readonly kind: Kind;
  readonly priority: Priority;
}

/**
 * `mix` counts shares of `KINDS`, in their order. The last customer pays for less than half of what it asks
 * for.
 */
const CUSTOMERS = [
  {
    name: "Harbour & Finch Publishing",
    email: "it@harbour-finch.example",
    top_up_cents: 50_00,
    jobs: 280,
    mix: [12, 1, 2, 5],
  },
  {
    name: "Nordlicht Retail",
    email: "data@nordlicht.example",
    top_up_cents: 40_00,
    jobs: 240,
    mix: [3, 8, 2, 7],
  },
  {
    name: "Copperfield Archive",
    email: "desk@copperfield.example",
    top_up_cents: 30_00,
    jobs: 220,
    mix: [3, 1, 10, 6],
  },
  {
    name: "Studio Marengo",
    email: "render@marengo.example",
    top_up_cents: 60_00,
    jobs: 220,
    mix: [2, 1, 3, 14],
  },
  {
    name: "Pocket Change Club",
    email: "hello@pocket-change.example",
    top_up_cents: 2_50,
    jobs: 100,
    mix: [8, 4, 4, 4],
  },
] as const;
/** Shares of high, medium and low: urgent work is the exception, or it would not be. */
const PRIORITY_MIX = [4, 6, 10] as const;

const BATCH_SIZE = 40;
const SINGLES = 12;
/** One in so many jobs cannot succeed. */
const BROKEN_EVERY = 40;
const SEED = 20_26;

/** Who asks for what, in which order: the same on every run. */
export function planWorkload(): PlannedCustomer[] {
  const random = seededRandom(SEED);
  let made = 0;
  const makeJob = (mix: readonly number[]): PlannedJob => {
    made += 1;
    const kind = KINDS[draw(random, mix)] ?? "simulate";
    // `draw` answers the index of a share, and there are three.
    const priority = draw(random, PRIORITY_MIX) as Priority;
    return { kind, priority, ...makeInput[kind](random, made % BROKEN_EVERY === 0) };
  };
  return CUSTOMERS.map(({ jobs, mix, ...customer }) => {
    const planned = Array.from({ length: jobs }, () => makeJob(mix));
    const batches: PlannedJob[][] = [];
    for (let start = 0; start < planned.length; start += BATCH_SIZE)
      batches.push(planned.slice(start, start + BATCH_SIZE));
    return { ...customer, batches, singles: Array.from({ length: SINGLES }, () => makeJob(mix)) };
  });
}

export function countJobs(customers: readonly PlannedCustomer[]): { inBatches: number; singles: number } {
  let [inBatches, singles] = [0, 0];
  for (const customer of customers) {
    inBatches += customer.batches.flat().length;
    singles += customer.singles.length;
  }
  return { inBatches, singles };
}

/** The index of a share, drawn by its weight. */
function draw(random: Random, shares: readonly number[]): number {
  let left = random() * shares.reduce((sum, share) => sum + share, 0);
  const index = shares.findIndex((share) => (left -= share) < 0);
  return index === -1 ? shares.length - 1 : index;
}
