import { newId } from "../../../core/lib/new-id.ts";
import { customerNotFound } from "../../../core/model/not-found.ts";
import type { Platform } from "../../../core/use-cases/platform.ts";
import type { Api } from "../../http/api.ts";
import { adminOnly, refuseForeign } from "../../http/auth.ts";
import { Customer, CustomerChanges, CustomerPage, CustomersQuery, NewCustomer } from "./contract.ts";
import { IdParams } from "../../http/fields.ts";
import { toPage } from "../../http/cursor.ts";
import {
  createdStatus,
  IdempotencyHeaders,
  idempotencyKeyOf,
  setReplayedHeader,
} from "../../http/idempotency.ts";

const tags = ["Customers"];

export function customerRoutes(api: Api, { customers }: Platform): void {
  api.post(
    "/customers",
    {
      onRequest: adminOnly,
      schema: {
        operationId: "createCustomer",
        tags,
        summary: "Create a customer",
        description:
          "Also creates an empty wallet for the customer. Two customers may have one e-mail address: `GET /customers?email=` finds them. The `Location` header is the path of the customer.",
        headers: IdempotencyHeaders,
        body: NewCustomer,
        location: "Path of the customer.",
        response: { 200: Customer, 201: Customer },
        errors: ["idempotency_key_reused"],
      },
    },
    async (request, reply) => {
      const key = idempotencyKeyOf(request, request.body);
      const { customer, replayed } = await customers.createOrReplay({ ...request.body, id: newId() }, key);
      setReplayedHeader(request, reply, replayed);
      return reply
        .code(createdStatus(replayed))
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
        description:
          "Returns all customers, or with `email` those that have that address, in upper or lower case. Several customers may have one address.",
        querystring: CustomersQuery,
        response: { 200: CustomerPage },
      },
    },
    async ({ query: { limit, cursor, email } }) => {
      const rows = await customers.list({ limit: limit + 1, before: cursor, email });
      return toPage(rows, limit, (customer) => customer.id);
    },
  );

  api.get(
    "/customers/:id",
    {
      schema: {
        operationId: "getCustomer",
        tags,
        summary: "Get a customer",
        description: "With a customer's key, only that customer is found.",
        params: IdParams,
        response: { 200: Customer },
        errors: ["not_found"],
      },
    },
    async (request) => {
      const { id } = request.params;
      refuseForeign(request, id);
      const customer = await customers.findById(id);
      if (!customer) throw customerNotFound(id);
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
        summary: "Update a customer",
        description:
          "Changes only the fields that are sent. With `active: false` the customer cannot submit jobs any more; jobs that were accepted still run.",
        params: IdParams,
        body: CustomerChanges,
        response: { 200: Customer },
        errors: ["not_found", "customer_erased"],
      },
    },
    async ({ params: { id }, body }) => {
      const customer = await customers.update(id, body);
      if (!customer) throw customerNotFound(id);
      return customer;
    },
  );
}
