import { findWallet } from "../../core/use-cases/find-wallet.ts";
import type { Platform } from "../../core/use-cases/platform.ts";

interface Target {
  readonly id: string;
  readonly key_id: string;
}

type Read = (platform: Platform, target: Target) => Promise<unknown>;

const readJobType: Read = ({ jobTypes }, { id }) => jobTypes.findById(id);
const readOperator: Read = ({ operators }, { id }) => operators.findById(id);
const readWebhookEndpoint: Read = ({ webhookEndpoints }, { id }) => webhookEndpoints.findById(id);
const readQueue: Read = async ({ waitingJobs }) => ({ paused_at: await waitingJobs.pausedAt() });

/**
 * What an action changes, as it was: read just before the action, so another change may come between. What is
 * not here creates something, or is in a history of its own: the entries of a wallet, the prices of a job type.
 */
const READS: Readonly<Record<string, Read>> = {
  cancelJob: ({ jobs }, { id }) => jobs.findById(id),
  updateWallet: ({ wallets }, { id }) => findWallet(wallets, id),
  updateCustomer: ({ customers }, { id }) => customers.findById(id),
  revokeApiKey: async ({ customers }, { id, key_id }) =>
    (await customers.listApiKeys(id)).find((key) => key.id === key_id),
  updateJobType: readJobType,
  pauseJobType: readJobType,
  resumeJobType: readJobType,
  pauseQueue: readQueue,
  resumeQueue: readQueue,
  updateOperator: readOperator,
  revokeOperator: readOperator,
  updateWebhookEndpoint: readWebhookEndpoint,
  deleteWebhookEndpoint: readWebhookEndpoint,
};

/** Reads what this operation is about to change. */
export async function readBefore(platform: Platform, operation: string, params: unknown): Promise<unknown> {
  // The route has validated its path: what it lacks its reader does not use.
  return await READS[operation]?.(platform, params as Target);
}
