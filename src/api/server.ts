import { randomUUID } from "node:crypto";
import fastifySwagger from "@fastify/swagger";
import { fastify, LogController, type FastifyBaseLogger, type FastifyInstance } from "fastify";
import type { Logger } from "pino";
import type { Platform } from "../core/platform.ts";
import type { Api } from "./api.ts";
import { authenticate } from "./auth.ts";
import { hangUpOnClose } from "./connections.ts";
import { acceptJsonBodies } from "./json-body.ts";
import { openapiOptions } from "./openapi-document.ts";
import { sendNotFound, sendProblem } from "./problems.ts";
import { apiKeyRoutes } from "./routes/api-keys.ts";
import { customerRoutes } from "./routes/customers.ts";
import { docsRoutes } from "./routes/docs.ts";
import { healthRoutes } from "./routes/health.ts";
import { jobTypeRoutes } from "./routes/job-types.ts";
import { jobRoutes } from "./routes/jobs.ts";
import { postingRoutes } from "./routes/postings.ts";
import { priceRoutes } from "./routes/prices.ts";
import { queueRoutes } from "./routes/queue.ts";
import { runnerRoutes } from "./routes/runners.ts";
import { walletRoutes } from "./routes/wallets.ts";
import { validatorCompiler } from "./validation.ts";

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
