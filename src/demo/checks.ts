import { isDeepStrictEqual } from "node:util";
import { isClean } from "../core/model/audit.ts";
import { hasEnded, PRIORITIES } from "../core/model/job.ts";
import {
  acceptedOf,
  allJobs,
  chargesOf,
  quantile,
  refusalsOf,
  sum,
  waitsOf,
  type DemoRecord,
} from "./record.ts";
import { DEMO_JOB_TYPES, type PlannedCustomer } from "./workload.ts";

export interface Check {
  readonly says: string;
  readonly ok: boolean;
  /** What breaks it. */
  readonly found?: string;
}

/**
 * Holds what the API answered against what was asked for and paid in, both kept here: the platform's own sums
 * are not believed.
 */
export function checkRecord(record: DemoRecord): Check[] {
  return [
    acceptedHaveEnded(record),
    onlyFaultyFailed(record),
    outputsAreRight(record),
    failedCostNothing(record),
    balancesAdd(record),
    nothingIsHeld(record),
    chargesAreSuccesses(record),
    highWaitedLeast(record),
    refusalsAreForMoney(record),
    auditIsClean(record),
  ];
}

function check(says: string, broken: readonly string[]): Check {
  if (broken.length === 0) return { says, ok: true };
  const others = broken.length === 1 ? "" : ` and ${broken.length - 1} more`;
  return { says, ok: false, found: `${broken[0]}${others}` };
}

function acceptedHaveEnded(record: DemoRecord): Check {
  const accepted = record.customers.flatMap(acceptedOf);
  const listed = allJobs(record).length;
  return check(`all ${accepted.length} accepted jobs have ended`, [
    ...accepted
      .filter(({ job }) => !job || !hasEnded(job.status))
      .map(({ id, job }) => `${id} is ${job?.status ?? "not there"}`),
    ...(listed === accepted.length ? [] : [`${listed} jobs are there`]),
  ]);
}

function onlyFaultyFailed({ customers }: DemoRecord): Check {
  const accepted = customers.flatMap(acceptedOf);
  const faulty = accepted.filter(({ planned }) => !planned.expected);
  return check(
    `the ${faulty.length} jobs with a fault in their input failed, all others succeeded`,
    accepted
      .filter(({ planned, job }) => job?.status !== (planned.expected ? "succeeded" : "failed"))
      .map(({ id, job }) => `${id} is ${job?.status}`),
  );
}

function outputsAreRight({ customers }: DemoRecord): Check {
  const results = customers
    .flatMap(acceptedOf)
    .flatMap(({ id, planned: { expected }, job }) =>
      expected ? [{ id, expected, output: job?.output_data }] : [],
    );
  return check(
    `all ${results.length} results are right: each file's hash, each table's rows, each text's length`,
    results
      .filter(({ expected, output }) => !contains(output, expected))
      .map(({ id, expected }) => `${id} lacks ${JSON.stringify(expected)}`),
  );
}

function contains(output: unknown, expected: Readonly<Record<string, unknown>>): boolean {
  if (typeof output !== "object" || output === null) return false;
  const fields = new Map<string, unknown>(Object.entries(output));
  return Object.entries(expected).every(([name, value]) => isDeepStrictEqual(fields.get(name), value));
}

function failedCostNothing(record: DemoRecord): Check {
  const charged = new Set(record.customers.flatMap(chargesOf).map(({ job_id }) => job_id));
  const failed = allJobs(record).filter(({ status }) => status !== "succeeded");
  return check(
    `the ${failed.length} failed jobs cost nothing`,
    failed
      .filter(({ id, cost_cents }) => cost_cents !== null || charged.has(id))
      .map(({ id }) => `${id} was charged`),
  );
}

function balancesAdd({ customers }: DemoRecord): Check {
  return check(
    "every balance is what was paid in, less the costs of the jobs that succeeded",
    customers.flatMap(({ planned, jobs, wallet }) => {
      const costs = jobs
        .filter(({ status }) => status === "succeeded")
        .map(({ cost_cents }) => cost_cents ?? 0);
      const right_cents = planned.top_up_cents - sum(costs);
      return wallet.current_balance_cents === right_cents
        ? []
        : [`${planned.name} has ${wallet.current_balance_cents} cents, not ${right_cents}`];
    }),
  );
}

function nothingIsHeld({ customers }: DemoRecord): Check {
  return check(
    "nothing is held any more",
    customers
      .filter(({ wallet }) => wallet.pending_charges_cents !== 0)
      .map(({ planned, wallet }) => `${wallet.pending_charges_cents} cents of ${planned.name}`),
  );
}

function chargesAreSuccesses(record: DemoRecord): Check {
  const charges = record.customers.flatMap(chargesOf);
  const charged = new Set(charges.map(({ job_id }) => job_id));
  const paid = allJobs(record).filter(({ cost_cents }) => cost_cents !== null && cost_cents > 0);
  return check(`the ledgers have ${paid.length} charges, one for each job that succeeded`, [
    ...(charges.length === paid.length ? [] : [`${charges.length} charges`]),
    ...paid.filter(({ id }) => !charged.has(id)).map(({ id }) => `none for ${id}`),
  ]);
}

function highWaitedLeast(record: DemoRecord): Check {
  const jobs = allJobs(record);
  const medians = PRIORITIES.map((priority) =>
    quantile(waitsOf(jobs.filter((job) => job.priority === priority)), 0.5),
  );
  return check(
    "high priority waited least: median of high ≤ medium ≤ low",
    medians.every((median, index) => index === 0 || median >= (medians[index - 1] ?? 0))
      ? []
      : [`${medians.join(", ")} ms`],
  );
}

function refusalsAreForMoney({ customers }: DemoRecord): Check {
  const refused = customers.filter((customer) => refusalsOf(customer).length > 0);
  const refusals = refused.flatMap(refusalsOf);
  return check(`only who lacked money was refused: ${refusals.length} times, with 402`, [
    ...(refusals.length > 0 ? [] : ["nobody lacked money"]),
    ...refusals.filter(({ status }) => status !== 402).map(({ status, code }) => `${status} ${code}`),
    ...refused
      .filter(({ planned }) => priceOfAll(planned) <= planned.top_up_cents)
      .map(({ planned }) => `${planned.name} had enough`),
  ]);
}

function priceOfAll({ batches, singles }: PlannedCustomer): number {
  return sum([...batches.flat(), ...singles].map(({ kind }) => DEMO_JOB_TYPES[kind].standard_cost_cents));
}

function auditIsClean({ audit }: DemoRecord): Check {
  const broken = audit.filter((row) => row.broken > 0).map(({ promise }) => promise);
  return check("the audit is clean", isClean(audit) ? [] : [...broken, "see above"]);
}
