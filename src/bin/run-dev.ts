import type { FastifyInstance } from "fastify";
import type { Logger } from "pino";
import { createApi } from "../api/server.ts";
import { SignInLink } from "../core/use-cases/sign-in-link.ts";
import { seedDemoData } from "../local/demo-data.ts";
import { startLocalPostgres } from "../local/local-postgres.ts";
import { meterSubmissions } from "../metrics/submit-metrics.ts";
import { databaseAddress } from "../postgres/connection/database-address.ts";
import { redisAddress } from "../queue/redis/redis-address.ts";
import type { OpenTraces } from "../tracing/open-traces.ts";
import type { Config } from "./config.ts";
import { dataFolder, type DemoCustomer } from "./data-folder.ts";
import { forgetDriverSettings } from "./forget-driver-settings.ts";
import { metricsOfApi, openMetrics, watchServers } from "./open-metrics.ts";
import { openPlatform, type OpenPlatform } from "./open-platform.ts";
import { startRunner, stopRunner } from "./run-runner.ts";
import { closeInTime } from "./close-in-time.ts";
import { listenForStop } from "./stop-signal.ts";
import { waitForServers } from "./wait-for-servers.ts";

interface DevOptions {
  readonly stopWithParent: boolean;
  /** One JSON document when it is ready, instead of words. */
  readonly json: boolean;
  /** Prints what happens, for a person who looks on. */
  readonly say: (line: string) => void;
  /** Prints what somebody needs to know to use the stack, once it is ready. */
  readonly printReady: (text: string) => void;
  /** Left out: nothing is traced. */
  readonly traces?: OpenTraces | undefined;
}

/** What was opened, to be closed in the opposite order. */
type Closing = (() => Promise<unknown>)[];

/**
 * `npm start`: everything in one process, on an embedded PostgreSQL unless DATABASE_URL names another. Runs
 * until Ctrl-C.
 */
export async function runDev(
  config: Config,
  log: Logger,
  { stopWithParent, json, say, printReady, traces }: DevOptions,
): Promise<number> {
  const started_at = performance.now();
  const stop = listenForStop({ withParent: stopWithParent });
  const closing: Closing = [];
  try {
    const database_url = config.DATABASE_URL ?? (await startOwnPostgres(closing));
    const settings = {
      ...config,
      DATABASE_URL: database_url,
      DATABASE_DIRECT_URL: config.DATABASE_URL === undefined ? undefined : config.DATABASE_DIRECT_URL,
    };
    const metrics = openMetrics();
    const platform = openPlatform(settings, "iep dev", log, meterSubmissions(metrics));
    watchServers(metrics, platform, settings);
    closing.push(() => closeInTime(platform));
    await waitForServers(platform, settings, {
      say,
      migrate: config.DATABASE_URL === undefined ? "own" : "shared",
    });
    const demo = await demoCustomer(platform);

    const admin_api_key = config.ADMIN_API_KEY ?? (await dataFolder.adminApiKey());
    const signInLink = new SignInLink();
    const api = await createApi({
      platform,
      adminApiKey: admin_api_key,
      signInLink,
      log,
      trustedProxies: config.TRUSTED_PROXIES,
      metrics: metricsOfApi(metrics, platform, config.METRICS_TOKEN),
      traces: traces?.requests,
    });
    closing.push(() => api.close());
    const api_url = await listen(api, config, say);
    const runner = await startRunner(platform, settings, log, { metrics, traces, reloads: true });
    // Together: each takes its time, and whoever waits for the end waits once.
    closing.push(() => Promise.all([api.close(), stopRunner(runner, stop, config.RUNNER_STOP_SECONDS, log)]));

    await dataFolder.saveLocalStack({ pid: process.pid, database_url, redis_url: config.REDIS_URL, api_url });
    closing.push(() => dataFolder.removeLocalStack());
    const ready: Ready = {
      api_url,
      // In the fragment, which a browser sends to nobody.
      sign_in_url: `${api_url}/dashboard#sign-in=${signInLink.create()}`,
      admin_api_key,
      database: config.DATABASE_URL ? databaseAddress(database_url) : dataFolder.postgresDir,
      ready_queue: await readyQueueOf(platform, config),
      ready_seconds: Number(((performance.now() - started_at) / 1_000).toFixed(1)),
      demo: demo ?? null,
    };
    printReady(json ? JSON.stringify(ready) : welcome(ready));

    await stop.asked;
    say(`Stopping: running jobs get ${config.RUNNER_STOP_SECONDS} s; Ctrl-C again stops them now.`);
    return 0;
  } finally {
    for (const close of closing.toReversed()) await close();
  }
}

async function startOwnPostgres(closing: Closing): Promise<string> {
  forgetDriverSettings();
  const server = await startLocalPostgres(dataFolder.postgresDir);
  closing.push(() => server.stop());
  return server.url;
}

async function readyQueueOf({ readyQueue }: OpenPlatform, { REDIS_URL }: Config): Promise<string> {
  if (REDIS_URL === undefined) return "PostgreSQL";
  const server = `Redis at ${redisAddress(REDIS_URL)}`;
  return await readyQueue.ping().then(
    () => server,
    () => `PostgreSQL, until ${server} works`,
  );
}

/**
 * Creates the demo customer in an empty database. Otherwise returns the one that was created before, if it is
 * in this database.
 */
async function demoCustomer(platform: OpenPlatform): Promise<DemoCustomer | undefined> {
  const seeded = await seedDemoData(platform);
  if (seeded) await dataFolder.saveDemoCustomer(seeded);
  const known = await dataFolder.demoCustomer();
  return known && (await platform.customers.findById(known.customer_id)) ? known : undefined;
}

/** Listens on PORT, or on a free port when that one is taken. Returns the URL. */
async function listen(
  api: FastifyInstance,
  { HOST, PORT }: Config,
  say: (line: string) => void,
): Promise<string> {
  try {
    return await api.listen({ host: HOST, port: PORT });
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EADDRINUSE")) throw error;
    say(`Port ${PORT} is taken; using a free one. PORT=… chooses another.`);
    return await api.listen({ host: HOST, port: 0 });
  }
}

/** What somebody needs to know to use the stack. */
interface Ready {
  readonly api_url: string;
  /** Signs in as the admin, once, within `SIGN_IN_LINK_MS`. */
  readonly sign_in_url: string;
  readonly admin_api_key: string;
  readonly database: string;
  readonly ready_queue: string;
  readonly ready_seconds: number;
  readonly demo: DemoCustomer | null;
}

function welcome({
  api_url,
  sign_in_url,
  admin_api_key,
  database,
  ready_queue,
  ready_seconds,
  demo,
}: Ready): string {
  const places = [
    "",
    `  API            ${api_url}`,
    `  Reference      ${api_url}/docs`,
    `  Metrics        ${api_url}/metrics`,
    `  Sign in        ${sign_in_url} (once, within 10 minutes)`,
    `  Database       ${database}`,
    `  Ready queue    ${ready_queue}`,
    `  Admin key      ${admin_api_key}`,
  ];
  const end = ["", `Ready in ${ready_seconds.toFixed(1)} s. Ctrl-C stops it.`];
  return [...places, ...(demo ? tryIt(api_url, demo) : []), ...end].join("\n");
}

function tryIt(api_url: string, demo: DemoCustomer): string[] {
  const key = `-H 'Authorization: Bearer ${demo.api_key}'`;
  const body = JSON.stringify({
    job_type_id: demo.job_type_id,
    input_data: { text: "The quick brown fox. It jumps." },
  });
  return [
    `  Demo customer  ${demo.customer_id}`,
    `  Its key        ${demo.api_key}`,
    "",
    "Try it: submit a job, then see what it cost",
    "",
    `  curl -s ${api_url}/jobs ${key} -H 'Content-Type: application/json' -d '${body}'`,
    `  curl -s ${api_url}/customers/${demo.customer_id}/wallet/entries ${key}`,
  ];
}
