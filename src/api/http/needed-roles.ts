import type { FastifyRequest } from "fastify";
import { PlatformError } from "../../core/lib/errors.ts";
import type { KnownOperator, OperatorRole } from "../../core/model/operator.ts";

/**
 * The role that an operator needs for each operation, by its `operationId`. A `viewer` reads, and so does every
 * other role. An `operator` also runs jobs, the queue and runners; `finance` also moves money, changes wallets
 * and sets customers' prices; an `admin` does everything, and alone decides who may come in and what is sold.
 *
 * A route that needs a key and is missing here stops the start of the API.
 */
export const NEEDED_ROLES = {
  getMe: "viewer",
  getOverview: "viewer",
  getUsage: "viewer",
  listLedgerEntries: "viewer",
  getAudit: "viewer",
  requestAudit: "operator",

  listJobs: "viewer",
  getJob: "viewer",
  listJobLogs: "viewer",
  listJobEvents: "viewer",
  listEvents: "viewer",
  getJobCounts: "viewer",
  listFailures: "viewer",
  createBulkAction: "operator",
  listBulkActions: "viewer",
  getBulkAction: "viewer",
  stopBulkAction: "operator",
  submitJob: "operator",
  submitJobs: "operator",
  estimateJob: "viewer",
  cancelJob: "operator",
  retryJob: "operator",
  refundJob: "finance",

  getWallet: "viewer",
  getBalance: "viewer",
  listWalletEntries: "viewer",
  updateWallet: "finance",
  topUpWallet: "finance",
  grantCredit: "finance",
  adjustWallet: "finance",
  chargeBack: "finance",
  postEntries: "finance",

  listCustomers: "viewer",
  getCustomer: "viewer",
  createCustomer: "admin",
  updateCustomer: "admin",
  eraseCustomer: "admin",
  getErasure: "viewer",
  listApiKeys: "viewer",
  createApiKey: "admin",
  rollApiKey: "admin",
  revokeApiKey: "admin",

  listJobTypes: "viewer",
  getJobType: "viewer",
  createJobType: "admin",
  updateJobType: "admin",
  pauseJobType: "operator",
  resumeJobType: "operator",
  listPrices: "viewer",
  setCustomerPrice: "finance",
  endCustomerPrice: "finance",

  getQueue: "viewer",
  pauseQueue: "operator",
  resumeQueue: "operator",
  listRunners: "viewer",
  drainRunner: "operator",
  resumeRunner: "operator",

  listWebhookEndpoints: "viewer",
  getWebhookEndpoint: "viewer",
  listWebhookDeliveries: "viewer",
  getWebhookDelivery: "viewer",
  createWebhookEndpoint: "admin",
  updateWebhookEndpoint: "admin",
  deleteWebhookEndpoint: "admin",
  rotateWebhookSecret: "admin",
  rotateJobWebhookSecret: "admin",
  testWebhookEndpoint: "operator",
  resendWebhookDelivery: "operator",
  replayWebhookDeliveries: "operator",

  listOperatorActions: "viewer",
  listOperators: "viewer",
  createOperator: "admin",
  updateOperator: "admin",
  revokeOperator: "admin",
} as const satisfies Readonly<Record<string, OperatorRole>>;

/** The role that an operation needs; undefined where none is declared. */
export function neededRole(operationId: unknown): OperatorRole | undefined {
  const roles: Readonly<Record<string, OperatorRole>> = NEEDED_ROLES;
  return typeof operationId === "string" ? roles[operationId] : undefined;
}

/** Stops the start where a route does not say what role it needs. */
export function requireNeededRole({
  url,
  schema,
}: {
  url: string;
  schema?: { operationId?: unknown };
}): void {
  if (neededRole(schema?.operationId) === undefined)
    throw new Error(`${url} (${String(schema?.operationId)}) has no role in src/api/http/needed-roles.ts`);
}

/** Refuses an operator whose role is not enough for a request. Throws `forbidden`, which names the role. */
export function refuseRole(request: FastifyRequest, { role }: KnownOperator): void {
  const needed = neededRole(request.routeOptions.schema?.operationId) ?? "admin";
  if (needed === "viewer" || role === "admin" || role === needed) return;
  const roles = needed === "admin" ? "the role admin" : `the role ${needed} or admin`;
  throw new PlatformError("forbidden", `This request needs ${roles}. The role of this operator is ${role}.`);
}
