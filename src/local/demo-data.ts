import { newId } from "../core/lib/new-id.ts";
import { createApiKey } from "../core/model/api-key.ts";
import type { Platform } from "../core/use-cases/platform.ts";
import { DEFAULT_CURRENCY } from "../core/model/currency.ts";

export interface DemoCustomer {
  readonly customer_id: string;
  readonly api_key: string;
  /** Of the job type in the example request. */
  readonly job_type_id: string;
}

const JOB_TYPES = [
  { name: "Text statistics", processing_logic_id: "text.statistics", standard_cost_cents: 5 },
  { name: "CSV summary", processing_logic_id: "csv.summary", standard_cost_cents: 12 },
  { name: "Simulated work", processing_logic_id: "simulate", standard_cost_cents: 20 },
] as const;

const START_MONEY_CENTS = 100_00;

/** A customer with money and a key, and three job types: only into a database that has no customer yet. */
export async function seedDemoData(platform: Platform): Promise<DemoCustomer | undefined> {
  const customers = await platform.customers.list({ limit: 1 });
  if (customers.length > 0) return undefined;
  const customer_id = newId();
  const { api_key, ...key } = createApiKey();
  await platform.customers.create({
    id: customer_id,
    name: "Demo customer",
    email: "demo@example.com",
    currency: DEFAULT_CURRENCY,
  });
  await platform.customers.addApiKey({ ...key, id: newId(), customer_id, name: "npm start" });
  await platform.wallets.topUp({ customer_id, amount_cents: START_MONEY_CENTS, reference: "demo money" });
  const jobTypes = await Promise.all(
    JOB_TYPES.map((jobType) => platform.jobTypes.create({ ...jobType, id: newId() })),
  );
  return { customer_id, api_key, job_type_id: jobTypes[0]?.id ?? "" };
}
