import { sql } from "kysely";
import { PlatformError } from "../../core/lib/errors.ts";
import type { CustomerPrice, PriceChange, PriceRepository, Quote } from "../../core/model/price.ts";
import type { Database } from "../connection/database.ts";
import { isViolationOf } from "../connection/errors.ts";

const QUOTE_JOB = {
  name: "quote_job",
  text: "SELECT refusal, estimated_cost_cents FROM quote_job($1, $2)",
};

export class PostgresPriceRepository implements PriceRepository {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async setForCustomer(price: Omit<CustomerPrice, "updated_at">): Promise<CustomerPrice> {
    try {
      return await this.#database.kysely
        .insertInto("customer_prices")
        .values(price)
        .onConflict((conflict) =>
          conflict
            .columns(["customer_id", "job_type_id"])
            .doUpdateSet({ cost_cents: price.cost_cents, updated_at: sql`now()` }),
        )
        .returning(["customer_id", "job_type_id", "cost_cents", "updated_at"])
        .executeTakeFirstOrThrow();
    } catch (error) {
      if (isViolationOf(error, "customer_prices_customer_id_fkey"))
        throw new PlatformError("not_found", `There is no customer ${price.customer_id}.`);
      if (isViolationOf(error, "customer_prices_job_type_id_fkey"))
        throw new PlatformError("not_found", `There is no job type ${price.job_type_id}.`);
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
    const [row] = await this.#database.call<[Quote["refusal"], number | null]>(QUOTE_JOB, [
      customerId,
      jobTypeId,
    ]);
    if (!row) throw new Error("quote_job returned nothing");
    const [refusal, cost_cents] = row;
    // As quote_job returns them: a price, or a refusal before there is one.
    return { refusal, cost_cents } as Quote;
  }

  async history(
    jobTypeId: string,
    page: { limit: number; before?: number | undefined },
  ): Promise<(PriceChange & { readonly id: number })[]> {
    let query = this.#database.kysely
      .selectFrom("price_history")
      .select(["id", "job_type_id", "customer_id", "cost_cents", "valid_from"])
      .where("job_type_id", "=", jobTypeId)
      .orderBy("id", "desc")
      .limit(page.limit);
    if (page.before !== undefined) query = query.where("id", "<", page.before);
    return await query.execute();
  }
}
