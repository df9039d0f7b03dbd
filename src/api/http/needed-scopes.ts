import type { FastifyRequest } from "fastify";
import { PlatformError } from "../../core/lib/errors.ts";
import { SCOPES, type Scope } from "../../core/model/api-key.ts";
import type { KeyTerms } from "../../core/model/customer.ts";

/**
 * What the key of a customer needs for an operation: a scope; `any` for what every key may; `all` for the keys
 * themselves, which a key of fewer scopes could otherwise extend, and for webhooks, which tell of jobs and money; `operators` where no customer's key is enough.
 */
type Need = Scope | "any" | "all" | "operators";

/**
 * The scope that a customer's key needs for each operation, by its `operationId`. A route that needs a key and is
 * missing here stops the start of the API, and so does one that says `operators` without `adminOnly`.
 */
export const NEEDED_SCOPES = {
  getMe: "any",
  getCustomer: "any",
  listJobTypes: "any",
  getJobType: "any",

  submitJob: "jobs:write",
  submitJobs: "jobs:write",
  estimateJob: "jobs:write",
  cancelJob: "jobs:write",
  retryJob: "jobs:write",
  createBulkAction: "jobs:write",
  stopBulkAction: "jobs:write",

  listJobs: "jobs:read",
  getJob: "jobs:read",
  listJobLogs: "jobs:read",
  listJobEvents: "jobs:read",
  listEvents: "jobs:read",
  getJobCounts: "jobs:read",
  listFailures: "jobs:read",
  listBulkActions: "jobs:read",
  getBulkAction: "jobs:read",

  getWallet: "wallet:read",
  getBalance: "wallet:read",
  listWalletEntries: "wallet:read",
  getUsage: "wallet:read",

  listApiKeys: "all",
  createApiKey: "all",
  rollApiKey: "all",
  revokeApiKey: "all",
  listWebhookEndpoints: "all",
  getWebhookEndpoint: "all",
  createWebhookEndpoint: "all",
  updateWebhookEndpoint: "all",
  deleteWebhookEndpoint: "all",
  rotateWebhookSecret: "all",
  rotateJobWebhookSecret: "all",
  testWebhookEndpoint: "all",
  listWebhookDeliveries: "all",
  getWebhookDelivery: "all",
  resendWebhookDelivery: "all",
  replayWebhookDeliveries: "all",

  adjustWallet: "operators",
  chargeBack: "operators",
  createCustomer: "operators",
  createJobType: "operators",
  createOperator: "operators",
  drainRunner: "operators",
  endCustomerPrice: "operators",
  eraseCustomer: "operators",
  getAudit: "operators",
  getErasure: "operators",
  getOverview: "operators",
  getQueue: "operators",
  grantCredit: "operators",
  listCustomers: "operators",
  listLedgerEntries: "operators",
  listOperatorActions: "operators",
  listOperators: "operators",
  listPrices: "operators",
  listRunners: "operators",
  pauseJobType: "operators",
  pauseQueue: "operators",
  postEntries: "operators",
  refundJob: "operators",
  requestAudit: "operators",
  resumeJobType: "operators",
  resumeQueue: "operators",
  resumeRunner: "operators",
  revokeOperator: "operators",
  setCustomerPrice: "operators",
  topUpWallet: "operators",
  updateCustomer: "operators",
  updateJobType: "operators",
  updateOperator: "operators",
  updateWallet: "operators",
} as const satisfies Readonly<Record<string, Need>>;

/** What the key of a customer needs for an operation; undefined where nothing is declared. */
export function neededScope(operationId: unknown): Need | undefined {
  const needs: Readonly<Record<string, Need>> = NEEDED_SCOPES;
  return typeof operationId === "string" ? needs[operationId] : undefined;
}

interface Route {
  readonly url: string;
  readonly schema?: { operationId?: unknown };
  readonly onRequest?: unknown;
}

/**
 * Stops the start where a route does not say what scope it needs, or says `operators` and lets customers in, or
 * the other way round. `adminOnly` is the hook that keeps customers out.
 */
export function requireNeededScope(adminOnly: unknown): (route: Route) => void {
  return ({ url, schema, onRequest }) => {
    const operation = `${url} (${String(schema?.operationId)})`;
    const need = neededScope(schema?.operationId);
    if (need === undefined) throw new Error(`${operation} has no scope in src/api/http/needed-scopes.ts`);
    if ((need === "operators") !== (onRequest === adminOnly))
      throw new Error(
        `${operation} needs ${need}, and adminOnly is ${need === "operators" ? "not " : ""}its hook`,
      );
  };
}

/** What a key of fewer scopes than all needs for an operation, in words; undefined where every key is enough. */
export function scopesInWords(need: Need | undefined): string | undefined {
  if (need === undefined || need === "any" || need === "operators") return undefined;
  return need === "all" ? `all scopes (${SCOPES.join(", ")})` : `the scope ${need}`;
}

/** Refuses a key whose scopes are not enough for a request. Throws `forbidden`, which names the scope. */
export function refuseScope(request: FastifyRequest, { scopes, isLimited }: KeyTerms): void {
  if (!isLimited) return;
  const need = neededScope(request.routeOptions.schema?.operationId);
  const words = scopesInWords(need);
  if (words === undefined || scopes.some((scope) => scope === need)) return;
  throw new PlatformError(
    "forbidden",
    `This request needs a key with ${words}. This key has ${scopes.join(", ")}. Use another key, or have one created.`,
    need === "all" ? {} : { members: { required_scope: need } },
  );
}
