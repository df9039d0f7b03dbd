import { z } from "zod";
import { toDecimal } from "../../../core/model/currency.ts";
import { databaseClock } from "../../../core/lib/database-clock.ts";
import { USAGE_DAYS_MAX, USAGE_HOURS_MAX, USAGE_ROWS_MAX } from "../../../core/model/limits.ts";
import { customerNotFound } from "../../../core/model/not-found.ts";
import type { UsageBucket } from "../../../core/model/usage.ts";
import type { Platform } from "../../../core/use-cases/platform.ts";
import type { Api } from "../../http/api.ts";
import { ownerOf, refuseForeign } from "../../http/auth.ts";
import { csvLine, prefersCsv } from "../../http/csv.ts";
import { invalidField } from "../../http/validation.ts";
import { Usage, UsageQuery } from "./contract.ts";

const CSV_TYPE = "text/csv; charset=utf-8; header=present";
const HOUR_MS = 60 * 60 * 1_000;
const DAY_MS = 24 * HOUR_MS;

/** How far a range goes back when the request does not say, and at most. */
const RANGES: Readonly<Record<UsageBucket, { usual_ms: number; max_ms: number; most: string }>> = {
  hour: { usual_ms: DAY_MS, max_ms: USAGE_HOURS_MAX * HOUR_MS, most: `${USAGE_HOURS_MAX} hours` },
  day: { usual_ms: 30 * DAY_MS, max_ms: USAGE_DAYS_MAX * DAY_MS, most: `${USAGE_DAYS_MAX} days` },
};

export function usageRoutes(api: Api, { customers, usage }: Platform): void {
  api.get(
    "/usage",
    {
      schema: {
        operationId: "getUsage",
        tags: ["Jobs"],
        summary: "See what a customer used, by hour or day and job type",
        description:
          "Counts the jobs that ended, by how, and what they were charged. A job is counted within seconds of its end, in the span in which it ended. With `Accept: text/csv`, it returns the rows as CSV. An apostrophe is put before text that a spreadsheet would run as a formula.",
        querystring: UsageQuery,
        response: {
          200: {
            description: "Returns the rows, as JSON or CSV.",
            content: {
              "application/json": { schema: Usage },
              "text/csv": { schema: z.string() },
            },
          },
        },
        errors: ["not_found"],
      },
    },
    async (request, reply) => {
      const { bucket } = request.query;
      refuseForeign(request, request.query.customer_id);
      const customer_id = ownerOf(request) ?? request.query.customer_id;
      if (customer_id === undefined) throw invalidField("/customer_id", "is required with an operator's key");
      const range = readRange(request.query);
      const customer = await customers.findById(customer_id);
      if (!customer) throw customerNotFound(customer_id);
      const { currency } = customer;
      const data = await usage.list({ customer_id, bucket, ...range, limit: USAGE_ROWS_MAX + 1 });
      if (data.length > USAGE_ROWS_MAX)
        throw invalidField(
          "/from",
          `gives more than ${USAGE_ROWS_MAX} rows: choose a shorter range, or days`,
        );
      reply.header("vary", "accept");
      if (!prefersCsv(request.headers.accept)) return { customer_id, currency, bucket, ...range, data };
      const lines = data.map(({ charged_cents, ...row }) =>
        csvLine([
          ...COLUMNS.map((column) => row[column]),
          charged_cents,
          { decimal: toDecimal(charged_cents, currency) },
          currency,
        ]),
      );
      const header = csvLine([...COLUMNS, "charged_cents", "charged", "currency"]);
      return await reply
        .type(CSV_TYPE)
        .header("content-disposition", 'attachment; filename="usage.csv"')
        .send(header + lines.join(""));
    },
  );
}

const COLUMNS = ["starts_at", "job_type_id", "job_type", "succeeded", "failed", "cancelled"] as const;

function readRange({ bucket, ...given }: z.output<typeof UsageQuery>): { from: string; to: string } {
  const { usual_ms, max_ms, most } = RANGES[bucket];
  const to = given.to ?? new Date(databaseClock.now()).toISOString();
  const from = given.from ?? new Date(Date.parse(to) - usual_ms).toISOString();
  const length_ms = Date.parse(to) - Date.parse(from);
  if (length_ms <= 0) throw invalidField("/from", "must be before `to`");
  if (length_ms > max_ms) throw invalidField("/from", `must be at most ${most} before \`to\``);
  return { from, to };
}
