import type { TestProject } from "vitest/node";
import { startTestServers } from "./servers.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** Of the superuser, to the database `postgres`; test databases stand beside it. */
    readonly postgresUrl: string;
    readonly redisUrl: string;
  }
}

/** Its tests measure: the servers are theirs alone, and fresh. */
const MEASURED_PROJECT = "speed";

/**
 * Vitest calls this for each project that has something to run, and for the root project, which has no tests and
 * whose gifts all projects inherit. So the first that comes starts what all share.
 */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const root = project.vitest.getRootProject();
  const target = project.name === MEASURED_PROJECT ? project : root;
  const isThere = target === root && "postgresUrl" in root.getProvidedContext();
  if (project === root || isThere) return () => Promise.resolve();
  const servers = await startTestServers();
  target.provide("postgresUrl", servers.postgresUrl);
  target.provide("redisUrl", servers.redisUrl);
  return () => servers.stop();
}
