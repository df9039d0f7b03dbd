import type { Contender } from "./contender.ts";

/**
 * By the name on the command line, in the order in which they run, ours first. A process loads only the one
 * that it needs.
 */
const LOADERS = {
  ours: async () => (await import("./contenders/ours.ts")).ours,
  "ours-postgres": async () => (await import("./contenders/ours.ts")).oursWithoutRedis,
  "bullmq-redis": async () => (await import("./contenders/bullmq-redis.ts")).bullmqRedis,
  "bullmq-postgres": async () => (await import("./contenders/bullmq-postgres.ts")).bullmqPostgres,
  "graphile-worker": async () => (await import("./contenders/graphile-worker.ts")).graphileWorker,
  "pg-boss": async () => (await import("./contenders/pg-boss.ts")).pgBoss,
  specification: async () => (await import("./contenders/specification.ts")).specification,
} as const satisfies Record<string, () => Promise<Contender>>;

export type ContenderName = keyof typeof LOADERS;

export const CONTENDER_NAMES = Object.keys(LOADERS).filter(isContenderName);

export function isContenderName(name: string): name is ContenderName {
  return name in LOADERS;
}

export async function loadContender(name: ContenderName): Promise<Contender> {
  return await LOADERS[name]();
}
