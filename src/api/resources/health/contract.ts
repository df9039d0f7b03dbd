import { z } from "zod";
import { Checks } from "../../http/checks.ts";

export const Health = z
  .strictObject({ status: z.literal("ok") })
  .meta({ id: "Health", examples: [{ status: "ok" }] });

export const Readiness = z
  .strictObject({
    status: z.enum(["ok", "degraded"]).meta({
      description: "`degraded`: the ready queue cannot be reached. Jobs still run, but more slowly.",
    }),
    checks: Checks,
  })
  .meta({ id: "Readiness", examples: [{ status: "ok", checks: { database: "ok", ready_queue: "ok" } }] });
