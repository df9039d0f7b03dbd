import { admitScraper } from "../../../core/lib/admit-scraper.ts";
import type { MetricsPage } from "../../../core/model/meters.ts";
import type { Api } from "../../http/api.ts";
import { MetricsText } from "./contract.ts";

interface ServedMetrics {
  readonly page: MetricsPage;
  readonly token?: string | undefined;
}

/** For anyone on this host, and from elsewhere for whoever has METRICS_TOKEN. */
export function metricsRoutes(api: Api, { page, token }: ServedMetrics): void {
  api.get(
    "/metrics",
    {
      onRequest: async ({ headers, ip }) => admitScraper({ remoteAddress: ip, headers }, token),
      schema: {
        operationId: "getMetrics",
        tags: ["Operations"],
        summary: "Read the metrics of this process",
        description:
          "Text for Prometheus; every name begins with `iep_`. Needs no key on the host of the API. From another host it needs METRICS_TOKEN as the bearer token, and is refused while that is not set. `docs/operating.md` names the metrics.",
        security: [],
        response: {
          200: {
            description: "The metrics, in the text format of Prometheus.",
            content: { "text/plain": { schema: MetricsText } },
          },
        },
        errors: ["missing_api_key", "invalid_api_key"],
      },
    },
    async (_request, reply) => reply.type(page.contentType).send(await page.read()),
  );
}
