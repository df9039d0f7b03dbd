import { z } from "zod";
import { newId } from "../../../core/lib/new-id.ts";
import { createOperatorKey } from "../../../core/model/api-key.ts";
import { operatorNotFound } from "../../../core/model/operator.ts";
import type { Platform } from "../../../core/use-cases/platform.ts";
import type { Api } from "../../http/api.ts";
import { adminOnly } from "../../http/auth.ts";
import { toPage } from "../../http/cursor.ts";
import { IdParams, PageQuery } from "../../http/fields.ts";
import { CreatedOperator, NewOperator, Operator, OperatorChanges, OperatorPage } from "./contract.ts";

const tags = ["Operators"];

export function operatorRoutes(api: Api, { operators }: Platform): void {
  api.post(
    "/operators",
    {
      onRequest: adminOnly,
      schema: {
        operationId: "createOperator",
        tags,
        summary: "Create an operator with a key and a role",
        description:
          "Returns the key, which is shown only here. Give each person and each program a key of its own, so that entries and actions say who it was.",
        body: NewOperator,
        response: { 201: CreatedOperator },
        errors: ["name_taken"],
      },
    },
    async ({ body }, reply) => {
      const { api_key, ...stored } = createOperatorKey();
      const operator = await operators.create({ ...body, ...stored, id: newId() });
      return reply.code(201).send({ ...operator, api_key });
    },
  );

  api.get(
    "/operators",
    {
      onRequest: adminOnly,
      schema: {
        operationId: "listOperators",
        tags,
        summary: "List operators, newest first",
        description: "Operators whose key was revoked stay in the list. The admin key is none of them.",
        querystring: PageQuery,
        response: { 200: OperatorPage },
      },
    },
    async ({ query: { limit, cursor } }) => {
      const rows = await operators.list({ limit: limit + 1, before: cursor });
      return toPage(rows, limit, (operator) => operator.id);
    },
  );

  api.patch(
    "/operators/:id",
    {
      onRequest: adminOnly,
      schema: {
        operationId: "updateOperator",
        tags,
        summary: "Change the role of an operator, or keep one out",
        description:
          "Changes only the fields that are sent. It holds within a second in every process, also for sessions that are signed in.",
        params: IdParams,
        body: OperatorChanges,
        response: { 200: Operator },
        errors: ["not_found"],
      },
    },
    async ({ params: { id }, body }) => {
      const operator = await operators.update(id, body);
      if (!operator) throw operatorNotFound(id);
      return operator;
    },
  );

  api.delete(
    "/operators/:id",
    {
      onRequest: adminOnly,
      schema: {
        operationId: "revokeOperator",
        tags,
        summary: "Revoke the key of an operator for good",
        description:
          "The key and its sessions are refused within a second in every process. Revoking it again changes nothing. The operator stays in the list, because entries and actions name it.",
        params: IdParams,
        response: { 204: z.undefined() },
        errors: ["not_found"],
      },
    },
    async ({ params: { id } }, reply) => {
      if (!(await operators.revoke(id))) throw operatorNotFound(id);
      return reply.code(204).send();
    },
  );
}
