import type { Page } from "./page.ts";
import type { CurrencyMismatch } from "./refusals.ts";

/** A price from some time on. */
export interface PriceChange {
  readonly job_type_id: string;
  /** Null: the standard cost, for whoever has no price of their own. */
  readonly customer_id: string | null;
  /** Null: from then on the customer pays the standard cost again. */
  readonly cost_cents: number | null;
  /** What `cost_cents` was in. Null where that is null, and where prices had no currency yet. */
  readonly currency: string | null;
  readonly valid_from: string;
}

/** What one customer pays for a job type instead of its standard cost. */
export interface CustomerPrice {
  readonly customer_id: string;
  readonly job_type_id: string;
  /** In the currency of the customer's wallet. */
  readonly cost_cents: number;
  readonly currency: string;
  readonly updated_at: string;
}

export type NewCustomerPrice = Omit<CustomerPrice, "currency" | "updated_at">;

/** A job type as a customer sees it: one that it can submit, with what it pays. */
export interface OfferedJobType {
  readonly id: string;
  readonly name: string;
  /** The customer's own price, or else the standard cost. */
  readonly cost_cents: number;
  /** That of the customer's wallet. */
  readonly currency: string;
  readonly max_attempts: number;
  readonly timeout_seconds: number;
  readonly input_schema: unknown;
}

/** Why a wallet may not hold a price. */
export type HoldRefusal = "wallet_frozen" | "insufficient_funds" | "spend_limit_reached";

/** What a submission would meet now: a price, or a refusal before there is one. */
export type Quote =
  | {
      readonly refusal: "unknown_customer" | "customer_inactive" | "unknown_job_type" | "job_type_disabled";
      readonly cost_cents: null;
    }
  | ({ readonly refusal: "currency_mismatch"; readonly cost_cents: null } & CurrencyMismatch)
  | {
      /** Null: the wallet would hold the price. */
      readonly refusal: HoldRefusal | null;
      readonly cost_cents: number;
    };

export interface PriceRepository {
  /** From the next submission on. Throws `not_found` when there is no such job type or customer. */
  setForCustomer(price: NewCustomerPrice): Promise<CustomerPrice>;
  /** True when there was such a price. */
  endForCustomer(jobTypeId: string, customerId: string): Promise<boolean>;
  /** By the text that a submission goes by. Nothing is held: a moment later it may be another. */
  quote(jobTypeId: string, customerId: string): Promise<Quote>;
  /** The job types that a customer can submit: enabled, with a price in its currency. Newest first. */
  offers(customerId: string, page: Page): Promise<OfferedJobType[]>;
  /** `offers`, of one job type. */
  offer(customerId: string, jobTypeId: string): Promise<OfferedJobType | undefined>;
  /** Every price that a customer or a job type had, newest first. */
  history(jobTypeId: string, page: Page<number>): Promise<(PriceChange & { readonly id: number })[]>;
}
