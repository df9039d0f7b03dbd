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
        summary: "List the living runners, oldest first",
        description: "All of them on one page. One without a heartbeat for a lease is dead and leaves it.",
        response: { 200: RunnerPage },
      },
    },
    async () => ({ data: await runners.list(), next_cursor: null }),
  );
}
