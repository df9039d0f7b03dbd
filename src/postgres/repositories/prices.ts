import { sql } from "kysely";
import { customerNotFound, jobTypeNotFound } from "../../core/model/not-found.ts";
import type {
  CustomerPrice,
  NewCustomerPrice,
  OfferedJobType,
  PriceChange,
  PriceRepository,
  Quote,
} from "../../core/model/price.ts";
import type { Page } from "../../core/model/page.ts";
import type { Database } from "../connection/database.ts";
import { known, oneOf } from "../connection/decode.ts";
import { isViolationOf } from "../connection/errors.ts";
import { callQuoteJob } from "../connection/functions.gen.ts";

/** Refused before there is a price. */
const WITHOUT_PRICE = [
  "unknown_customer",
  "customer_inactive",
  "unknown_job_type",
  "job_type_disabled",
] as const;
/** The wallet may not hold the price. */
const NOT_HELD = ["wallet_frozen", "insufficient_funds", "spend_limit_reached"] as const;

export class PostgresPriceRepository implements PriceRepository {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async setForCustomer(price: NewCustomerPrice): Promise<CustomerPrice> {
    try {
      return await this.#database.kysely
        .insertInto("customer_prices")
        .values(price)
        .onConflict((conflict) =>
          conflict
            .columns(["customer_id", "job_type_id"])
            .doUpdateSet({ cost_cents: price.cost_cents, updated_at: sql`now()` }),
        )
        .returning(["customer_id", "job_type_id", "cost_cents"])
        .returning((eb) =>
          eb
            .selectFrom("wallets")
            .select("currency")
            .whereRef("wallets.customer_id", "=", "customer_prices.customer_id")
            // Every customer has a wallet: add_customer inserts both.
            .$asScalar()
            .$notNull()
            .as("currency"),
        )
        .returning("updated_at")
        .executeTakeFirstOrThrow();
    } catch (error) {
      if (isViolationOf(error, "customer_prices_customer_id_fkey")) throw customerNotFound(price.customer_id);
      if (isViolationOf(error, "customer_prices_job_type_id_fkey")) throw jobTypeNotFound(price.job_type_id);
      throw error;
    }
  }

  async endForCustomer(jobTypeId: string, customerId: string): Promise<boolean> {
    const { numDeletedRows } = await this.#database.kysely
      .deleteFrom("customer_prices")
      .where("job_type_id", "=", jobTypeId)
      .where("customer_id", "=", customerId)
      .executeTakeFirst();
    return numDeletedRows > 0n;
  }

  async quote(jobTypeId: string, customerId: string): Promise<Quote> {
    const quote = await callQuoteJob(this.#database, { customer: customerId, type: jobTypeId });
    const { refusal, estimated_cost_cents: cost_cents } = quote;
    if (refusal === "currency_mismatch")
      return {
        refusal,
        cost_cents: null,
        price_currency: known(quote.price_currency, "price_currency"),
        wallet_currency: known(quote.wallet_currency, "wallet_currency"),
      };
    if (cost_cents === null)
      return { refusal: oneOf(WITHOUT_PRICE, known(refusal, "refusal"), "quote_job"), cost_cents };
    return { refusal: refusal === null ? null : oneOf(NOT_HELD, refusal, "quote_job"), cost_cents };
  }

  async offers(customerId: string, page: Page): Promise<OfferedJobType[]> {
    let query = this.#selectOffers(customerId).orderBy("job_types.id", "desc").limit(page.limit);
    if (page.before !== undefined) query = query.where("job_types.id", "<", page.before);
    return await query.execute();
  }

  async offer(customerId: string, jobTypeId: string): Promise<OfferedJobType | undefined> {
    return await this.#selectOffers(customerId).where("job_types.id", "=", jobTypeId).executeTakeFirst();
  }

  /** By the rule that submissions go by: the customer's own price, or else the standard cost if it fits. */
  #selectOffers(customerId: string) {
    return (
      this.#database.kysely
        .selectFrom("job_types")
        .innerJoin("wallets", (join) => join.onTrue())
        .leftJoin("customer_prices", (join) =>
          join
            .onRef("customer_prices.customer_id", "=", "wallets.customer_id")
            .onRef("customer_prices.job_type_id", "=", "job_types.id"),
        )
        .select(["job_types.id", "job_types.name"])
        .select((eb) =>
          eb.fn.coalesce("customer_prices.cost_cents", "job_types.standard_cost_cents").as("cost_cents"),
        )
        .select(["wallets.currency", "job_types.max_attempts", "job_types.timeout_seconds"])
        .leftJoin(
          "processor_schemas",
          "processor_schemas.processing_logic_id",
          "job_types.processing_logic_id",
        )
        // By which a submission is checked.
        .select((eb) =>
          eb.fn.coalesce("job_types.input_schema", "processor_schemas.input_schema").as("input_schema"),
        )
        .where("wallets.customer_id", "=", customerId)
        .where("job_types.enabled", "=", true)
        .where(
          sql<boolean>`(customer_prices.cost_cents IS NOT NULL OR is_priced_in(job_types, wallets.currency))`,
        )
    );
  }

  async history(jobTypeId: string, page: Page<number>): Promise<(PriceChange & { readonly id: number })[]> {
    let query = this.#database.kysely
      .selectFrom("price_history")
      .select(["id", "job_type_id", "customer_id", "cost_cents", "currency", "valid_from"])
      .where("job_type_id", "=", jobTypeId)
      .orderBy("id", "desc")
      .limit(page.limit);
    if (page.before !== undefined) query = query.where("id", "<", page.before);
    return await query.execute();
  }
}
