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
import type { Platform } from "../core/use-cases/platform.ts";
import type { Api } from "./http/api.ts";
import { authenticate } from "./http/auth.ts";
import { noteMethods } from "./http/allowed-methods.ts";
import { authenticateAndCount } from "./http/authenticate-and-count.ts";
import { refuseBroken, refuseExpectation, refuseTunnel } from "./http/broken-requests.ts";
import { trackConnections, type Connections } from "./http/connections.ts";
import { everyRequest } from "./http/every-request.ts";
import { acceptJsonBodies } from "./http/json-body.ts";
import { logRequests } from "./http/log-requests.ts";
import { openapiOptions } from "./http/openapi-document.ts";
import { sendProblem } from "./http/problems.ts";
import { apiKeyRoutes } from "./resources/api-keys/routes.ts";
import { customerRoutes } from "./resources/customers/routes.ts";
import { docsRoutes } from "./http/docs-routes.ts";
import { healthRoutes } from "./resources/health/routes.ts";
import { jobTypeRoutes } from "./resources/job-types/routes.ts";
import { jobEventRoutes } from "./resources/jobs/events.ts";
import { jobLogRoutes } from "./resources/jobs/log.ts";
import { refundRoutes } from "./resources/jobs/refunds.ts";
import { jobRoutes } from "./resources/jobs/routes.ts";
import { entryRoutes } from "./resources/entries/routes.ts";
import { meRoutes } from "./resources/me/routes.ts";
import { priceRoutes } from "./resources/prices/routes.ts";
import { queueRoutes } from "./resources/queue/routes.ts";
import { runnerRoutes } from "./resources/runners/routes.ts";
import { walletRoutes } from "./resources/wallets/routes.ts";
import { validatorCompiler } from "./http/validation.ts";

/** Longer than any id, so that a wrong id reaches validation, which names the field. */
const PARAM_LENGTH_MAX = 500;

const REDACTED = ["authorization", "headers.authorization", "req.headers.authorization", "api_key"];

interface ApiOptions {
  readonly platform: Platform;
  readonly adminApiKey: string;
  readonly log: Logger | false;
}

/**
 * The HTTP API, ready to listen, or to take injected requests. It owns nothing but its socket: `close` stops
 * accepting connections, closes idle ones, finishes the requests under way, and leaves the platform open.
 */
export async function createApi({ platform, adminApiKey, log }: ApiOptions): Promise<FastifyInstance> {
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
    trustProxy: false,
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
  api.decorateRequest("waited_ms", 0);
  api.decorateRequest("wait_seconds", undefined);
  const allowOf = noteMethods(api);
  api.addHook("onRequest", everyRequest(allowOf));
  logRequests(api);

  await api.register(fastifySwagger, openapiOptions());
  await api.register(docsRoutes);
  healthRoutes(api, platform);
  await api.register(async (secured: Api) => {
    secured.addHook("onRequest", authenticateAndCount(authenticate(platform.customerKeys, adminApiKey)));
    for (const routes of [
      jobRoutes,
      jobLogRoutes,
      jobEventRoutes,
      walletRoutes,
      customerRoutes,
      apiKeyRoutes,
      meRoutes,
      jobTypeRoutes,
      priceRoutes,
      entryRoutes,
      refundRoutes,
      queueRoutes,
      runnerRoutes,
    ])
      routes(secured, platform);
  });
  await api.ready();
  return api;
}
