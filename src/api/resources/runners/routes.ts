import type { Platform } from "../../../core/use-cases/platform.ts";
import type { Api } from "../../http/api.ts";
import { adminOnly } from "../../http/auth.ts";
import { RunnerPage } from "./contract.ts";

export function runnerRoutes(api: Api, { runners }: Platform): void {
  api.get(
    "/runners",
    {
      onRequest: adminOnly,
      schema: {
        operationId: "listRunners",
        tags: ["Operations"],
        summary: "List the runners that are alive, oldest first",
        description:
          "Returns all of them on one page. A runner that sends no heartbeat for the time of a lease counts as dead and leaves the list.",
        response: { 200: RunnerPage },
      },
    },
    async () => ({ data: await runners.list(), next_cursor: null }),
  );
}
