import type { Platform } from "../../../core/use-cases/platform.ts";
import type { Api } from "../../http/api.ts";
import { adminOnly } from "../../http/auth.ts";
import { toPage } from "../../http/cursor.ts";
import { OperatorActionPage, OperatorActionsQuery } from "./contract.ts";

export function operatorActionRoutes(api: Api, { operatorActions }: Platform): void {
  api.get(
    "/operator-actions",
    {
      onRequest: adminOnly,
      schema: {
        operationId: "listOperatorActions",
        tags: ["Operators"],
        summary: "List what operators did, newest first",
        description:
          "Every request of an operator or of the admin key that changed something by the API: who, what, before, after, from where. It never changes and is kept for ever. Submissions with the admin key itself are left out, because programs send them.",
        querystring: OperatorActionsQuery,
        response: { 200: OperatorActionPage },
      },
    },
    async ({ query: { limit, cursor, ...filter } }) => {
      const rows = await operatorActions.list({ ...filter, limit: limit + 1, before: cursor });
      return toPage(rows, limit, (action) => action.id);
    },
  );
}
