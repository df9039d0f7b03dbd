import type { Platform } from "../../../core/use-cases/platform.ts";
import { readOverview } from "../../../core/use-cases/read-overview.ts";
import type { Api } from "../../http/api.ts";
import { adminOnly } from "../../http/auth.ts";
import { Overview, OverviewQuery } from "./contract.ts";

export function overviewRoutes(api: Api, platform: Platform): void {
  api.get(
    "/overview",
    {
      onRequest: adminOnly,
      schema: {
        operationId: "getOverview",
        tags: ["Operations"],
        summary: "See how the platform does",
        description:
          "Returns what needs attention, how things stand now, and what happened in a range of time, in spans of equal length. Jobs that ended are counted within seconds.",
        querystring: OverviewQuery,
        response: { 200: Overview },
      },
    },
    async (request) => await readOverview(platform, request.query.range),
  );
}
