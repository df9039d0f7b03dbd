import { PlatformError } from "../../../core/lib/errors.ts";
import { within } from "../../../core/lib/within.ts";
import type { Platform } from "../../../core/use-cases/platform.ts";
import type { Api } from "../../http/api.ts";
import type { Checks } from "../../http/checks.ts";
import { Health, Readiness } from "./contract.ts";

const tags = ["Operations"];
/** Load balancers give up after a few seconds: a server that has not answered by then counts as away. */
const CHECK_TIMEOUT_MS = 2_000;

/** Open to anyone who reaches the port, and silent about anything but whether servers answer. */
export function healthRoutes(api: Api, platform: Platform): void {
  api.get(
    "/healthz",
    {
      schema: {
        operationId: "getHealth",
        tags,
        summary: "Whether this process is alive",
        description: "Touches no server.",
        security: [],
        response: { 200: Health },
      },
    },
    async () => ({ status: "ok" as const }),
  );

  api.get(
    "/readyz",
    {
      schema: {
        operationId: "getReadiness",
        tags,
        summary: "Whether this process can serve",
        description:
          "503 when the database does not answer. Without the ready queue jobs go on, so that is `degraded`, not down.",
        security: [],
        response: { 200: Readiness },
        errors: ["unavailable"],
      },
    },
    async () => {
      const [database, ready_queue] = await Promise.all([
        check(() => platform.ping()),
        check(() => platform.readyQueue.ping()),
      ]);
      const checks: Checks = { database, ready_queue };
      if (database !== "ok")
        throw new PlatformError("unavailable", "The database does not answer.", { members: { checks } });
      return { status: ready_queue === "ok" ? ("ok" as const) : ("degraded" as const), checks };
    },
  );
}

async function check(ping: () => Promise<void>): Promise<Checks["database"]> {
  return await within(CHECK_TIMEOUT_MS, ping()).then(
    () => "ok" as const,
    () => "unavailable" as const,
  );
}
