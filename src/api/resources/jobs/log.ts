import { jobNotFound } from "../../../core/model/not-found.ts";
import type { Platform } from "../../../core/use-cases/platform.ts";
import type { Api } from "../../http/api.ts";
import { ownerOf } from "../../http/auth.ts";
import { toPage, writeLogPosition } from "../../http/cursor.ts";
import { IdParams } from "../../http/fields.ts";
import { JobLogQuery, LogPage } from "./log-contract.ts";

/** What the attempts of a job logged. */
export function jobLogRoutes(api: Api, { jobLog }: Platform): void {
  api.get(
    "/jobs/:id/logs",
    {
      schema: {
        operationId: "listJobLogs",
        tags: ["Jobs"],
        summary: "List what the attempts of a job logged, oldest first",
        description:
          'Lines of `ctx.log`, and what a command wrote to stderr or as `{"log"}`, for as long as the job is kept. While the job runs they are at most half a second old; when it has ended they are complete, unless the database was away. Each attempt may log 65,536 characters. Values that the job type\'s input schema marks with `writeOnly` are replaced by `[redacted]`.',
        params: IdParams,
        querystring: JobLogQuery,
        response: { 200: LogPage },
        errors: ["not_found"],
      },
    },
    async (request) => {
      const { id } = request.params;
      const { limit, cursor: after, ...filter } = request.query;
      const rows = await jobLog.list(id, filter, { limit: limit + 1, after }, ownerOf(request));
      if (!rows) throw jobNotFound(id);
      const page = toPage(rows, limit, ({ position }) => writeLogPosition(position));
      return { ...page, data: page.data.map(({ position: _place, ...line }) => line) };
    },
  );
}
