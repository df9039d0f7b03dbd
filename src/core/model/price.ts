/** A price from some time on. */
export interface PriceChange {
  readonly job_type_id: string;
  /** Null: the standard cost, for whoever has no price of their own. */
  readonly customer_id: string | null;
  /** Null: from then on the customer pays the standard cost again. */
  readonly cost_cents: number | null;
  readonly valid_from: string;
}

/** What one customer pays for a job type instead of its standard cost. */
export interface CustomerPrice {
  readonly customer_id: string;
  readonly job_type_id: string;
  readonly cost_cents: number;
  readonly updated_at: string;
}

export interface PriceRepository {
  /** From the next submission on. Throws `not_found` when there is no such job type or customer. */
  setForCustomer(price: Omit<CustomerPrice, "updated_at">): Promise<CustomerPrice>;
  /** True when there was such a price. */
  endForCustomer(jobTypeId: string, customerId: string): Promise<boolean>;
  /** What a customer would be quoted now. Undefined when there is no such job type. */
  quote(jobTypeId: string, customerId: string): Promise<number | undefined>;
  /** Every price that held, newest first. `before` is the cursor of the last row of the page before. */
  history(
    jobTypeId: string,
    page: { limit: number; before?: number | undefined },
  ): Promise<(PriceChange & { readonly id: number })[]>;
}
