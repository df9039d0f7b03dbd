import type { FastifyInstance } from "fastify";
import type { Logger } from "pino";
import { createApi } from "../api/server.ts";
import { meterSubmissions } from "../metrics/submit-metrics.ts";
import type { OpenTraces } from "../tracing/open-traces.ts";
import type { Config } from "./config.ts";
import { metricsOfApi, openMetrics, watchServers } from "./open-metrics.ts";
import { openPlatform } from "./open-platform.ts";
import { closeInTime } from "./close-in-time.ts";
import { listenForStop } from "./stop-signal.ts";
import { waitForServers } from "./wait-for-servers.ts";

type ApiConfig = Config & { DATABASE_URL: string; ADMIN_API_KEY: string };

/**
 * The API of production. It runs until SIGTERM. Then it takes no new connections, completes the requests that
 * are under way, and exits with 0.
 */
export async function runApi(config: ApiConfig, log: Logger, traces?: OpenTraces): Promise<number> {
  const stop = listenForStop();
  const openedMetrics = openMetrics();
  const platform = openPlatform(config, "iep api", log, meterSubmissions(openedMetrics));
  watchServers(openedMetrics, platform, config);
  const metrics = metricsOfApi(openedMetrics, platform, config.METRICS_TOKEN);
  const start = async (): Promise<FastifyInstance> => {
    await waitForServers(platform, config, { say: (line) => log.warn(line) });
    const { ADMIN_API_KEY: adminApiKey, TRUSTED_PROXIES: trustedProxies } = config;
    const api = await createApi({
      platform,
      adminApiKey,
      log,
      metrics,
      traces: traces?.requests,
      trustedProxies,
    });
    await api.listen({ host: config.HOST, port: config.PORT });
    return api;
  };
  try {
    const api = await Promise.race([start(), stop.asked]);
    if (api === undefined) return 0;
    await stop.asked;
    log.info("stopping");
    await Promise.race([api.close(), stop.askedAgain]);
    return 0;
  } finally {
    await closeInTime(platform);
  }
}
