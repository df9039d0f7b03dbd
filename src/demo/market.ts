import { KINDS, type Kind } from "./inputs.ts";
import { CreatedAnswer, KeyAnswer } from "./answers.ts";
import type { DemoClient } from "./client.ts";
import { DEMO_JOB_TYPES, type PlannedCustomer } from "./workload.ts";
import { z } from "zod";

/** A customer of the plan that exists now, with money and a key. */
export interface DemoBuyer {
  readonly id: string;
  readonly planned: PlannedCustomer;
  /** Acts with the customer's own key. */
  readonly client: DemoClient;
}

export type JobTypeIds = Readonly<Record<Kind, string>>;

/** As the operator: what is sold, at which price. */
export async function createJobTypes(admin: DemoClient): Promise<JobTypeIds> {
  const ids = await Promise.all(
    KINDS.map(async (kind) => {
      const { id } = await admin.post("/job-types", DEMO_JOB_TYPES[kind], CreatedAnswer);
      return [kind, id] as const;
    }),
  );
  // One entry for each of KINDS.
  return Object.fromEntries(ids) as Record<Kind, string>;
}

/** As the operator: a customer, its key, its first payment. */
export async function createBuyer(
  admin: DemoClient,
  planned: PlannedCustomer,
  clientOf: (key: string) => DemoClient,
): Promise<DemoBuyer> {
  const { name, email, top_up_cents } = planned;
  const { id } = await admin.post("/customers", { name, email }, CreatedAnswer);
  const { api_key } = await admin.post(`/customers/${id}/api-keys`, { name: "demo" }, KeyAnswer);
  const payment = { amount_cents: top_up_cents, reference: "first payment" };
  await admin.post(`/customers/${id}/wallet/top-ups`, payment, z.unknown());
  return { id, planned, client: clientOf(api_key) };
}
