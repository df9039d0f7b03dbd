import { v7 as uuidv7 } from "uuid";
import type { Platform } from "../../../core/use-cases/platform.ts";
import type { Api } from "../../http/api.ts";
import { adminOnly, noCustomer, refuseForeign } from "../../http/auth.ts";
import { Customer, CustomerChanges, CustomerPage, NewCustomer } from "./contract.ts";
import { IdParams, PageQuery } from "../../http/fields.ts";
import { toPage } from "../../http/cursor.ts";
import { IdempotencyHeaders, idempotencyKeyOf, madeOrReplayed } from "../../http/idempotency.ts";

const tags = ["Customers"];

export function customerRoutes(api: Api, { customers }: Platform): void {
  api.post(
    "/customers",
    {
      onRequest: adminOnly,
      schema: {
        operationId: "createCustomer",
        tags,
        summary: "Make a customer",
        description: "Its wallet exists from then on, empty. `Location` is the customer's path.",
        headers: IdempotencyHeaders,
        body: NewCustomer,
        response: { 200: Customer, 201: Customer },
        errors: ["idempotency_key_reused"],
      },
    },
    async (request, reply) => {
      const key = idempotencyKeyOf(request, request.body);
      const { customer, replayed } = await customers.createOnce({ ...request.body, id: uuidv7() }, key);
      return reply
        .code(madeOrReplayed(request, reply, replayed))
        .header("location", `/customers/${customer.id}`)
        .send(customer);
    },
  );

  api.get(
    "/customers",
    {
      onRequest: adminOnly,
      schema: {
        operationId: "listCustomers",
        tags,
        summary: "List customers, newest first",
        querystring: PageQuery,
        response: { 200: CustomerPage },
      },
    },
    async ({ query: { limit, cursor } }) => {
      const rows = await customers.list({ limit: limit + 1, before: cursor });
      return toPage(rows, limit, (customer) => customer.id);
    },
  );

  api.get(
    "/customers/:id",
    {
      schema: {
        operationId: "getCustomer",
        tags,
        summary: "Read a customer",
        params: IdParams,
        response: { 200: Customer },
        errors: ["not_found"],
      },
    },
    async (request) => {
      const { id } = request.params;
      refuseForeign(request, id);
      const customer = await customers.findById(id);
      if (!customer) throw noCustomer(id);
      return customer;
    },
  );

  api.patch(
    "/customers/:id",
    {
      onRequest: adminOnly,
      schema: {
        operationId: "updateCustomer",
        tags,
        summary: "Change a customer",
        description:
          "Only what is sent changes. With `active: false` it may submit no more jobs; those accepted run to their end.",
        params: IdParams,
        body: CustomerChanges,
        response: { 200: Customer },
        errors: ["not_found"],
      },
    },
    async ({ params: { id }, body }) => {
      const customer = await customers.update(id, body);
      if (!customer) throw noCustomer(id);
      return customer;
    },
  );
}
