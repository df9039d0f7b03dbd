import { createRateLimits } from "../core/use-cases/rate-limits.ts";
import type { Platform } from "../core/use-cases/platform.ts";
import { createApi } from "./server.ts";

/**
 * The OpenAPI 3.1 document of the API, generated from the schemas that validate its requests. Needs no
 * database and no Redis.
 */
export async function generateOpenApi(): Promise<object> {
  // No handler runs, so the platform is never used.
  const platform = { customers: {}, rateLimits: createRateLimits({}) } as Platform;
  const api = await createApi({ platform, adminApiKey: "", log: false });
  try {
    return api.swagger();
  } finally {
    await api.close();
  }
}
