import { randomBytes } from "node:crypto";
import { inject } from "vitest";
import { atTheEnd } from "./cleanup.ts";
import { type RedisServer, startRedisServer } from "./redis-server.ts";
import { temporaryFolder } from "./temporary-folder.ts";

/** The Redis that all test files share, and a key prefix that nobody else has. */
export function redisNamespace(): { url: string; prefix: string } {
  return { url: inject("redisUrl"), prefix: `test-${randomBytes(6).toString("hex")}` };
}

/**
 * A Redis for this test alone, to wipe or to kill; it ends with the test. `port` brings one back where it was
 * before.
 */
export async function startRedis(
  options: { port?: number; args?: readonly string[] } = {},
): Promise<RedisServer> {
  const server = await startRedisServer({ folder: await temporaryFolder(), ...options });
  atTheEnd(() => server.stop());
  return server;
}
