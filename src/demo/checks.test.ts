import { expect, test } from "vitest";
import type { EntryAnswer, JobAnswer, WalletAnswer } from "./answers.ts";
import { checkRecord } from "./checks.ts";
import type { CustomerRecord, DemoRecord } from "./record.ts";
import type { Submission } from "./submit.ts";
import type { PlannedCustomer, PlannedJob } from "./workload.ts";

const sound: PlannedJob = {
  kind: "simulate",
  priority: 0,
  input_data: { duration_ms: 5 },
  expected: { slept_ms: 5 },
};
const faulty: PlannedJob = { ...sound, input_data: { fail: "fatal" }, expected: undefined };

test("a record in which every promise was kept passes", () => {
  expect(brokenIn(record())).toEqual([]);
});

test.each<[fact: string, DemoRecord, says: RegExp]>([
  ["a job that still runs", record({ high: { status: "running", cost_cents: null } }), /have ended/],
  ["a job that nobody asked for", record({}, { jobs: [...jobs(), job("stray", 0)] }), /have ended/],
  ["a sound job that failed", record({ high: { status: "failed", cost_cents: null } }), /others succeeded/],
  ["a wrong result", record({ high: { output_data: { slept_ms: 7 } } }), /results are right/],
  ["a failure with a price", record({ low: { cost_cents: 9 } }), /failed jobs cost nothing/],
  ["a cent too few", record({}, { wallet: wallet(6) }), /every balance/],
  ["a hold that stayed", record({}, { wallet: wallet(7, 9) }), /nothing is held/],
  ["a charge twice", record({}, { entries: [...entries(), charge("high")] }), /one for each job/],
  ["a charge of another job", record({}, { entries: [charge("low"), charge("medium")] }), /one for each/],
  ["high that waited longest", record({ high: { started_at: "2026-01-01T00:00:09Z" } }), /waited least/],
  ["a refusal in spite of money", record({}, { planned: planned(40) }), /lacked money/],
  ["a refusal of another kind", record({}, { submissions: submissions(422) }), /lacked money/],
  ["an audit with a finding", { ...record(), audit: [auditRow(1)] }, /audit/],
  ["an audit without a row", { ...record(), audit: [] }, /audit/],
])("%s is found", (_fact, doctored, says) => {
  expect(brokenIn(doctored)).toContainEqual(expect.stringMatching(says));
});

function brokenIn(doctored: DemoRecord): string[] {
  return checkRecord(doctored)
    .filter(({ ok }) => !ok)
    .map(({ says }) => says);
}

type Changes = Partial<Record<"high" | "medium" | "low", Partial<JobAnswer>>>;

/** A customer pays in 25 cents and asks for four jobs of 9: two succeed, one fails, one is refused. */
function record(changes: Changes = {}, customer: Partial<CustomerRecord> = {}): DemoRecord {
  return {
    customers: [
      {
        planned: planned(25),
        submissions: submissions(402),
        jobs: jobs(changes),
        wallet: wallet(7),
        entries: entries(),
        ...customer,
      },
    ],
    audit: [auditRow(0)],
    began_ms: 0,
  };
}

function planned(top_up_cents: number): PlannedCustomer {
  return {
    name: "Ada",
    email: "ada@example.com",
    top_up_cents,
    batches: [[sound, sound, faulty]],
    singles: [sound],
  };
}

function submissions(status: number): Submission[] {
  return [
    { planned: sound, job_id: "high" },
    { planned: sound, job_id: "medium" },
    { planned: faulty, job_id: "low" },
    { planned: sound, refusal: { status, code: "refused", detail: "No." } },
  ];
}

function jobs(changes: Changes = {}): JobAnswer[] {
  const failed = { status: "failed", output_data: null, cost_cents: null } as const;
  return [
    { ...job("high", 0), ...changes.high },
    { ...job("medium", 1), ...changes.medium },
    { ...job("low", 2), ...failed, ...changes.low },
  ];
}

/** Of a lower priority: started a second later. */
function job(id: string, priority: JobAnswer["priority"]): JobAnswer {
  return {
    id,
    priority,
    status: "succeeded",
    output_data: { slept_ms: 5 },
    error: null,
    cost_cents: 9,
    created_at: "2026-01-01T00:00:00Z",
    started_at: `2026-01-01T00:00:0${priority}Z`,
    completed_at: "2026-01-01T00:00:10Z",
  };
}

function wallet(current_balance_cents: number, pending_charges_cents = 0): WalletAnswer {
  return { currency: "EUR", current_balance_cents, pending_charges_cents };
}

function entries(): EntryAnswer[] {
  return [charge("high"), charge("medium"), { kind: "top_up", amount_cents: 25, job_id: null }];
}

function charge(job_id: string): EntryAnswer {
  return { kind: "charge", amount_cents: -9, job_id };
}

function auditRow(broken: number) {
  return { promise: "p", says: "a promise", broken, example: null };
}
