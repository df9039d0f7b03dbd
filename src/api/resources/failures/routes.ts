import { databaseClock } from "../../../core/lib/database-clock.ts";
import { FAILURES_DAYS } from "../../../core/model/limits.ts";
import type { Platform } from "../../../core/use-cases/platform.ts";
import type { Api } from "../../http/api.ts";
import { ownerOf, refuseForeign } from "../../http/auth.ts";
import { toPage } from "../../http/cursor.ts";
import { FailurePage, FailuresQuery } from "./contract.ts";

const DAY_MS = 24 * 60 * 60 * 1_000;

export function failureRoutes(api: Api, { failures }: Platform): void {
  api.get(
    "/failures",
    {
      schema: {
        operationId: "listFailures",
        tags: ["Jobs"],
        summary: "List what fails, in groups, the last seen first",
        description:
          "A group has the jobs and attempts with the same job type, error code and message, where numbers, ids and quoted text do not count. A failure is counted within seconds of the end of its job. `GET /jobs?fingerprint=` lists the failed jobs of a group. With a customer's key, groups have the failures of that customer only.",
        querystring: FailuresQuery,
        response: { 200: FailurePage },
        errors: ["not_found"],
      },
    },
    async (request) => {
      const { limit, cursor, since, customer_id, job_type_id } = request.query;
      refuseForeign(request, customer_id);
      const filter = {
        customer_id: ownerOf(request) ?? customer_id,
        job_type_id,
        since: since ?? new Date(databaseClock.now() - FAILURES_DAYS * DAY_MS).toISOString(),
      };
      const groups = await failures.list(filter, { limit: limit + 1, before: cursor });
      return toPage(groups, limit, ({ last_seen_at, fingerprint }) => `${last_seen_at}/${fingerprint}`);
    },
  );
}
