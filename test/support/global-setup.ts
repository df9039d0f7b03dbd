import type { TestProject } from "vitest/node";
import { startTestServers } from "./servers.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** Of the superuser, to the database `postgres`; test databases stand beside it. */
    readonly postgresUrl: string;
    readonly redisUrl: string;
  }
}

/** Once a `vitest run`: the servers that all test files share. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const servers = await startTestServers();
  project.provide("postgresUrl", servers.postgresUrl);
  project.provide("redisUrl", servers.redisUrl);
  return () => servers.stop();
}
