import { randomUUID } from "node:crypto";
import fastifySwagger from "@fastify/swagger";
import { fastify, LogController, type FastifyBaseLogger, type FastifyInstance } from "fastify";
import type { Logger } from "pino";
import type { Platform } from "../core/use-cases/platform.ts";
import type { Api } from "./http/api.ts";
import { authenticate } from "./http/auth.ts";
import { hangUpOnClose } from "./http/connections.ts";
import { acceptJsonBodies } from "./http/json-body.ts";
import { openapiOptions } from "./http/openapi-document.ts";
import { sendNotFound, sendProblem } from "./http/problems.ts";
import { apiKeyRoutes } from "./resources/api-keys/routes.ts";
import { customerRoutes } from "./resources/customers/routes.ts";
import { docsRoutes } from "./http/docs-routes.ts";
import { healthRoutes } from "./resources/health/routes.ts";
import { jobTypeRoutes } from "./resources/job-types/routes.ts";
import { jobRoutes } from "./resources/jobs/routes.ts";
import { postingRoutes } from "./resources/postings/routes.ts";
import { priceRoutes } from "./resources/prices/routes.ts";
import { queueRoutes } from "./resources/queue/routes.ts";
import { runnerRoutes } from "./resources/runners/routes.ts";
import { walletRoutes } from "./resources/wallets/routes.ts";
import { validatorCompiler } from "./http/validation.ts";

/** The contract's limit of a body. */
const BODY_BYTES_MAX = 1_048_576;
/** Longer than any id: a wrong one gets to validation, which names it. */
const PARAM_LENGTH_MAX = 500;
/** For a request to arrive whole: 1 MiB at 35 KiB/s. Slower senders hold a socket for no longer than this. */
const REQUEST_TIMEOUT_MS = 30_000;
/** A silent socket while we work: longer than the slowest statement may take (30 s), so that we answer before we hang up. */
const CONNECTION_TIMEOUT_MS = 60_000;
/** An idle connection: longer than the 60 s of common load balancers, so that they hang up first and never send into a closing socket. */
const KEEP_ALIVE_TIMEOUT_MS = 72_000;

const REDACTED = ["authorization", "headers.authorization", "req.headers.authorization", "api_key"];

interface ApiOptions {
  readonly platform: Platform;
  readonly adminApiKey: string;
  readonly log: Logger | false;
}

/**
 * The HTTP API, ready to listen or to be injected into. It opens nothing and owns nothing but its socket: `close` stops taking connections,
 * ends idle ones, answers what is under way, and leaves the platform open.
 */
export async function createApi({ platform, adminApiKey, log }: ApiOptions): Promise<FastifyInstance> {
  const logger: FastifyBaseLogger | false = log && log.child({}, { redact: REDACTED });
  const api: Api = fastify({
    ...(logger ? { loggerInstance: logger } : { logger: false }),
    logController: new LogController({ disableRequestLogging: true }),
    // Ours alone: an id that a client chose could be another request's.
    genReqId: () => randomUUID(),
    trustProxy: false,
    // Whoever logs names the request: a logger of its own for each would cost more than most of them log.
    childLoggerFactory: (parent) => parent,
    bodyLimit: BODY_BYTES_MAX,
    routerOptions: { maxParamLength: PARAM_LENGTH_MAX },
    requestTimeout: REQUEST_TIMEOUT_MS,
    connectionTimeout: CONNECTION_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
    forceCloseConnections: "idle",
    // While closing, a request on an open connection is answered like any other, and its connection then ends.
    return503OnClosing: false,
    frameworkErrors: (error, request, reply) => void sendProblem(error, request, reply),
  });

  api.setValidatorCompiler(validatorCompiler);
  // Answers are what the core made: a test holds them against the schemas, no request pays for it.
  api.setSerializerCompiler(() => JSON.stringify);
  api.setErrorHandler(sendProblem);
  api.setNotFoundHandler(sendNotFound);
  acceptJsonBodies(api);
  hangUpOnClose(api);
  api.decorateRequest("principal", undefined);
  // With callbacks: on every request, a promise is more work than what these do.
  api.addHook("onRequest", (request, reply, done) => {
    reply.header("request-id", request.id);
    done();
  });
  api.addHook("onResponse", (request, reply, done) => {
    const { id, method, url } = request;
    const duration_ms = Math.round(reply.elapsedTime);
    const facts = { request_id: id, method, url, status: reply.statusCode, duration_ms };
    request.log[reply.statusCode < 400 ? "debug" : "info"](facts, "request");
    done();
  });

  await api.register(fastifySwagger, openapiOptions);
  await api.register(docsRoutes);
  healthRoutes(api, platform);
  await api.register(async (secured: Api) => {
    secured.addHook("onRequest", authenticate(platform.customers, adminApiKey));
    for (const routes of [
      jobRoutes,
      walletRoutes,
      customerRoutes,
      apiKeyRoutes,
      jobTypeRoutes,
      priceRoutes,
      postingRoutes,
      queueRoutes,
      runnerRoutes,
    ])
      routes(secured, platform);
  });
  await api.ready();
  return api;
}
