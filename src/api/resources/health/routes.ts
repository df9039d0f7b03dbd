import { PlatformError } from "../../../core/lib/errors.ts";
import { within } from "../../../core/lib/within.ts";
import type { Platform } from "../../../core/use-cases/platform.ts";
import type { Api } from "../../http/api.ts";
import type { Checks } from "../../http/checks.ts";
import { Health, Readiness } from "./contract.ts";

const tags = ["Operations"];
/**
 * Load balancers give up after a few seconds: a server that has not replied by then counts as unavailable.
 */
const CHECK_TIMEOUT_MS = 2_000;

/** Needs no key: anyone who reaches the port may ask. So it tells nothing but whether the servers reply. */
export function healthRoutes(api: Api, platform: Platform): void {
  api.get(
    "/healthz",
    {
      schema: {
        operationId: "getHealth",
        tags,
        summary: "Check that this process is alive",
        description: "Asks neither the database nor Redis.",
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
        summary: "Check that this process can serve requests",
        description:
          "Returns 503 when the database cannot be reached. Jobs still run without the ready queue, so then the status is `degraded`, not 503.",
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
        throw new PlatformError("unavailable", "The database cannot be reached. Try again.", {
          members: { checks },
        });
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
