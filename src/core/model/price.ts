import type { Page } from "./page.ts";

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

/** Why a wallet may not hold a price. */
export type HoldRefusal = "wallet_frozen" | "insufficient_funds" | "spend_limit_reached";

/** What a submission would meet now: a price, or a refusal before there is one. */
export type Quote =
  | {
      readonly refusal: "unknown_customer" | "customer_inactive" | "unknown_job_type" | "job_type_disabled";
      readonly cost_cents: null;
    }
  | {
      /** Null: the wallet would hold the price. */
      readonly refusal: HoldRefusal | null;
      readonly cost_cents: number;
    };

export interface PriceRepository {
  /** From the next submission on. Throws `not_found` when there is no such job type or customer. */
  setForCustomer(price: Omit<CustomerPrice, "updated_at">): Promise<CustomerPrice>;
  /** True when there was such a price. */
  endForCustomer(jobTypeId: string, customerId: string): Promise<boolean>;
  /** By the text that a submission goes by. Nothing is held: a moment later it may be another. */
  quote(jobTypeId: string, customerId: string): Promise<Quote>;
  /** Every price that a customer or a job type had, newest first. */
  history(jobTypeId: string, page: Page<number>): Promise<(PriceChange & { readonly id: number })[]>;
}
