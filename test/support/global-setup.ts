import type { TestProject } from "vitest/node";
import { buildPackage } from "./built-package.ts";
import { startTestServers } from "./servers.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** Of the superuser, to the database `postgres`; test databases stand beside it. */
    readonly postgresUrl: string;
    readonly redisUrl: string;
    /** The package, built, with its `bin/iep.js`. */
    readonly packageFolder: string;
  }
}

/** Its tests measure: the servers are theirs alone, and fresh. */
const MEASURED_PROJECT = "speed";

/**
 * Vitest calls this for each project that has something to run, and for the root project, which has no tests and
 * whose gifts all projects inherit. So the first that comes starts what all share.
 */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const stops: (() => Promise<void>)[] = [];
  const stop = async (): Promise<void> => {
    for (const step of stops.splice(0).toReversed()) await step();
  };
  if (project.isRootProject()) return stop;
  const root = project.vitest.getRootProject();

  const providePackage = async (): Promise<void> => {
    if ("packageFolder" in root.getProvidedContext()) return;
    const built = await buildPackage();
    stops.push(() => built.remove());
    root.provide("packageFolder", built.folder);
    root.onTestsRerun(() => built.rebuild());
  };
  const provideServers = async (): Promise<void> => {
    const target = project.name === MEASURED_PROJECT ? project : root;
    if (target === root && "postgresUrl" in root.getProvidedContext()) return;
    const servers = await startTestServers();
    stops.push(() => servers.stop());
    target.provide("postgresUrl", servers.postgresUrl);
    target.provide("redisUrl", servers.redisUrl);
  };

  const outcomes = await Promise.allSettled([providePackage(), provideServers()]);
  for (const outcome of outcomes) {
    if (outcome.status === "fulfilled") continue;
    await stop();
    throw outcome.reason;
  }
  return stop;
}
