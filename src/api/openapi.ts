import type { Platform } from "../core/use-cases/platform.ts";
import { createApi } from "./server.ts";

/** The OpenAPI 3.1 document of the API, made from the schemas that validate its requests. Needs no server: `openapi.json` is written from it. */
export async function generateOpenApi(): Promise<object> {
  // No handler runs, so nobody asks the platform for anything.
  const platform = { customers: {} } as Platform;
  const api = await createApi({ platform, adminApiKey: "", log: false });
  try {
    return api.swagger();
  } finally {
    await api.close();
  }
}
