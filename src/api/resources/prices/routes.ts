import { z } from "zod";
import { jobTypeNotFound } from "../../../core/model/not-found.ts";
import { PlatformError } from "../../../core/lib/errors.ts";
import type { Platform } from "../../../core/use-cases/platform.ts";
import type { Api } from "../../http/api.ts";
import { adminOnly } from "../../http/auth.ts";
import { IdParams } from "../../http/fields.ts";
import {
  CustomerPrice,
  NewCustomerPrice,
  PriceHistoryPage,
  PriceHistoryQuery,
  PriceParams,
} from "./contract.ts";
import { toPage } from "../../http/cursor.ts";

const tags = ["Job types"];

export function priceRoutes(api: Api, { prices, jobTypes }: Platform): void {
  api.get(
    "/job-types/:id/prices",
    {
      onRequest: adminOnly,
      schema: {
        operationId: "listPrices",
        tags,
        summary: "List all prices of a job type, newest first",
        description:
          "Returns the standard costs and the prices of single customers, past and present, each with the time from which it is valid.",
        params: IdParams,
        querystring: PriceHistoryQuery,
        response: { 200: PriceHistoryPage },
        errors: ["not_found"],
      },
    },
    async ({ params: { id }, query: { limit, cursor } }) => {
      if (!(await jobTypes.findById(id))) throw jobTypeNotFound(id);
      const rows = await prices.history(id, { limit: limit + 1, before: cursor });
      const { data, next_cursor } = toPage(rows, limit, (change) => change.id);
      return { data: data.map(({ id: _position, ...change }) => change), next_cursor };
    },
  );

  api.put(
    "/job-types/:id/prices/:customer_id",
    {
      onRequest: adminOnly,
      schema: {
        operationId: "setCustomerPrice",
        tags,
        summary: "Set the price of a job type for one customer",
        description:
          "The customer pays it instead of the standard cost, from the next submission on. Jobs that were accepted keep their price.",
        params: PriceParams,
        body: NewCustomerPrice,
        response: { 200: CustomerPrice },
        errors: ["not_found"],
      },
    },
    async ({ params, body }) =>
      await prices.setForCustomer({ job_type_id: params.id, customer_id: params.customer_id, ...body }),
  );

  api.delete(
    "/job-types/:id/prices/:customer_id",
    {
      onRequest: adminOnly,
      schema: {
        operationId: "endCustomerPrice",
        tags,
        summary: "End the price of a job type for one customer",
        description: "The customer pays the standard cost again, from the next submission on.",
        params: PriceParams,
        response: { 204: z.undefined() },
        errors: ["not_found"],
      },
    },
    async ({ params: { id, customer_id } }, reply) => {
      if (!(await prices.endForCustomer(id, customer_id))) {
        throw new PlatformError(
          "not_found",
          `Customer ${customer_id} has no price of their own for job type ${id}.`,
        );
      }
      return reply.code(204).send();
    },
  );
}
