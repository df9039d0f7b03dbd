import { randomUUID } from "node:crypto";
import fastifySwagger from "@fastify/swagger";
import { fastify, LogController, type FastifyBaseLogger, type FastifyInstance } from "fastify";
import type { Logger } from "pino";
import {
  BODY_BYTES_MAX,
  CONNECTION_TIMEOUT_MS,
  HEADER_BYTES_MAX,
  KEEP_ALIVE_TIMEOUT_MS,
  REQUEST_TIMEOUT_MS,
} from "../core/model/limits.ts";
import type { MetricsPage, RequestMeter } from "../core/model/meters.ts";
import type { RequestTraces } from "../core/model/traces.ts";
import { SignInLink } from "../core/use-cases/sign-in-link.ts";
import type { Platform } from "../core/use-cases/platform.ts";
import { dashboardRoutes } from "./dashboard/dashboard-routes.ts";
import type { Api } from "./http/api.ts";
import { adminOnly, authenticate } from "./http/auth.ts";
import { noteMethods } from "./http/allowed-methods.ts";
import { authenticateAndCount } from "./http/authenticate-and-count.ts";
import { refuseBroken, refuseExpectation, refuseTunnel } from "./http/broken-requests.ts";
import { trackConnections, type Connections } from "./http/connections.ts";
import { everyRequest } from "./http/every-request.ts";
import { createFindKey } from "./http/find-key.ts";
import { requireNeededRole } from "./http/needed-roles.ts";
import { requireNeededScope } from "./http/needed-scopes.ts";
import { RequestRates } from "./http/request-rates.ts";
import { recordActions } from "./http/record-actions.ts";
import { acceptJsonBodies } from "./http/json-body.ts";
import { logRequests } from "./http/log-requests.ts";
import { measureRequests } from "./http/measure-requests.ts";
import { openapiOptions } from "./http/openapi-document.ts";
import { sendProblem } from "./http/problems.ts";
import { traceRequests } from "./http/trace-requests.ts";
import { apiKeyRoutes } from "./resources/api-keys/routes.ts";
import { auditRoutes } from "./resources/audit/routes.ts";
import { bulkActionRoutes } from "./resources/bulk-actions/routes.ts";
import { customerRoutes } from "./resources/customers/routes.ts";
import { erasureRoutes } from "./resources/customers/erasure.ts";
import { docsRoutes } from "./http/docs-routes.ts";
import { healthRoutes } from "./resources/health/routes.ts";
import { jobTypeRoutes } from "./resources/job-types/routes.ts";
import { eventRoutes } from "./resources/events/routes.ts";
import { EventStreams } from "./http/event-streams.ts";
import { jobCountRoutes } from "./resources/jobs/counts.ts";
import { jobEventRoutes } from "./resources/jobs/events.ts";
import { jobLogRoutes } from "./resources/jobs/log.ts";
import { refundRoutes } from "./resources/jobs/refunds.ts";
import { jobRoutes } from "./resources/jobs/routes.ts";
import { entryRoutes } from "./resources/entries/routes.ts";
import { failureRoutes } from "./resources/failures/routes.ts";
import { metricsRoutes } from "./resources/metrics/routes.ts";
import { ledgerRoutes } from "./resources/ledger/routes.ts";
import { meRoutes } from "./resources/me/routes.ts";
import { operatorActionRoutes } from "./resources/operator-actions/routes.ts";
import { operatorRoutes } from "./resources/operators/routes.ts";
import { overviewRoutes } from "./resources/overview/routes.ts";
import { priceRoutes } from "./resources/prices/routes.ts";
import { queueRoutes } from "./resources/queue/routes.ts";
import { runnerRoutes } from "./resources/runners/routes.ts";
import { sessionRoutes } from "./resources/session/routes.ts";
import { usageRoutes } from "./resources/usage/routes.ts";
import { walletRoutes } from "./resources/wallets/routes.ts";
import { jobWebhookRoutes } from "./resources/webhooks/job-webhook-routes.ts";
import { webhookDeliveryRoutes } from "./resources/webhooks/delivery-routes.ts";
import { webhookCatalogue } from "./resources/webhooks/event-contract.ts";
import { webhookEndpointRoutes } from "./resources/webhooks/routes.ts";
import { validatorCompiler } from "./http/validation.ts";

/** Longer than any id, so that a wrong id reaches validation, which names the field. */
const PARAM_LENGTH_MAX = 500;

const REDACTED = ["authorization", "cookie"]
  .flatMap((name) => [name, `headers.${name}`, `req.headers.${name}`])
  .concat("api_key", "sign_in_token");

interface ApiOptions {
  readonly platform: Platform;
  readonly adminApiKey: string;
  /** What signs in without a key. Left out: nothing does. */
  readonly signInLink?: SignInLink;
  readonly log: Logger | false;
  /** Addresses of proxies, or ranges of them, whose X-Forwarded-For is believed. */
  readonly trustedProxies?: readonly string[] | undefined;
  /** Left out: GET /metrics shows nothing. */
  readonly metrics?: ApiMetrics | undefined;
  /** Left out: nothing is traced. */
  readonly traces?: RequestTraces | undefined;
}

interface ApiMetrics {
  readonly page: MetricsPage;
  readonly meter?: RequestMeter;
  /** METRICS_TOKEN. */
  readonly token?: string | undefined;
}

const NO_METRICS: ApiMetrics = {
  page: { contentType: "text/plain; charset=utf-8", read: () => Promise.resolve("") },
};

/**
 * The HTTP API, ready to listen, or to take injected requests. It owns nothing but its socket: `close` stops
 * accepting connections, closes idle ones, finishes the requests under way, and leaves the platform open.
 */
export async function createApi({
  platform,
  adminApiKey,
  signInLink = new SignInLink(),
  log,
  trustedProxies = [],
  metrics = NO_METRICS,
  traces,
}: ApiOptions): Promise<FastifyInstance> {
  const logger: FastifyBaseLogger | false = log && log.child({}, { redact: REDACTED });
  const connections: Connections = new Map();
  const api: Api = fastify({
    // A request without Host is refused by `everyRequest`, with a body.
    http: { maxHeaderSize: HEADER_BYTES_MAX, requireHostHeader: false },
    clientErrorHandler: refuseBroken(connections, (path) => allowOf(path)),
    ...(logger ? { loggerInstance: logger } : { logger: false }),
    logController: new LogController({ disableRequestLogging: true }),
    // We choose the id: one that a client chose could be that of another request.
    genReqId: () => randomUUID(),
    trustProxy: trustedProxies.length > 0 && [...trustedProxies],
    // No logger for each request, which would cost more than most requests log: log calls name the request
    // themselves.
    childLoggerFactory: (parent) => parent,
    bodyLimit: BODY_BYTES_MAX,
    routerOptions: { maxParamLength: PARAM_LENGTH_MAX },
    requestTimeout: REQUEST_TIMEOUT_MS,
    connectionTimeout: CONNECTION_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
    forceCloseConnections: "idle",
    // While closing, a request on an open connection gets its normal response, and then its connection ends.
    return503OnClosing: false,
    frameworkErrors: (error, request, reply) => void sendProblem(error, request, reply),
  });

  api.setValidatorCompiler(validatorCompiler);
  // Responses are not validated at run time, which every request would pay for: the tests check them against
  // the schemas.
  api.setSerializerCompiler(() => JSON.stringify);
  api.setErrorHandler(sendProblem);
  acceptJsonBodies(api);
  trackConnections(api, connections);
  api.server.on("checkExpectation", refuseExpectation);
  api.server.on("connect", refuseTunnel);
  api.decorateRequest("principal", undefined);
  api.decorateRequest("session", undefined);
  api.decorateRequest("action", undefined);
  api.decorateRequest("waited_ms", 0);
  api.decorateRequest("wait_seconds", undefined);
  api.decorateRequest("trace", undefined);
  const allowOf = noteMethods(api);
  api.addHook("onRequest", everyRequest(allowOf));
  logRequests(api);
  if (metrics.meter) measureRequests(api, metrics.meter);

  await api.register(fastifySwagger, openapiOptions(webhookCatalogue()));
  await api.register(docsRoutes);
  await api.register(dashboardRoutes);
  healthRoutes(api, platform);
  sessionRoutes(api, platform, createFindKey(platform, adminApiKey, signInLink));
  metricsRoutes(api, metrics);
  await api.register(async (secured: Api) => {
    secured.addHook("onRoute", requireNeededRole);
    secured.addHook("onRoute", requireNeededScope(adminOnly));
    secured.addHook("onRoute", recordActions(platform));
    if (traces) traceRequests(secured, traces);
    const rates = new RequestRates(platform.rateLimits);
    secured.addHook("onRequest", authenticateAndCount(authenticate(platform, adminApiKey), rates));
    const streams = new EventStreams();
    secured.addHook("preClose", (done) => {
      streams.endAll();
      done();
    });
    jobEventRoutes(secured, platform, streams);
    eventRoutes(secured, platform, streams);
    for (const routes of [
      jobCountRoutes,
      jobRoutes,
      jobLogRoutes,
      walletRoutes,
      customerRoutes,
      erasureRoutes,
      apiKeyRoutes,
      meRoutes,
      jobTypeRoutes,
      priceRoutes,
      entryRoutes,
      refundRoutes,
      queueRoutes,
      runnerRoutes,
      failureRoutes,
      bulkActionRoutes,
      ledgerRoutes,
      auditRoutes,
      overviewRoutes,
      usageRoutes,
      operatorRoutes,
      operatorActionRoutes,
      webhookEndpointRoutes,
      webhookDeliveryRoutes,
      jobWebhookRoutes,
    ])
      routes(secured, platform);
  });
  await api.ready();
  return api;
}
