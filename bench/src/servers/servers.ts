import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import { startEmbeddedPostgres } from "../../../src/local/embedded-postgres.ts";
import type { Place } from "../contender.ts";
import { cpuOf, cpuOfTree } from "../proc.ts";
import { startRedis } from "./redis-server.ts";
import { runSql } from "./sql.ts";

/**
 * Settings of PostgreSQL, the same for every contender. fsync and synchronous_commit keep their default: on.
 */
export const POSTGRES_SETTINGS = {
  max_connections: "200",
  shared_buffers: "512MB",
  // No checkpoint by time: it would hit the contender that is being measured. The bench asks for one before
  // each measurement.
  max_wal_size: "8GB",
  checkpoint_timeout: "1h",
} as const;

export interface Servers {
  readonly postgresUrl: string;
  /** Creates an empty database, and empties Redis. */
  createPlace(): Promise<Place>;
  dropPlace(place: Place): Promise<void>;
  /** Writes to disk, just before a measurement, what the set-up has left in memory. */
  checkpoint(): Promise<void>;
  /** Returns the CPU seconds that the servers have used so far. */
  cpu(): { readonly postgres: number; readonly redis: number };
  stopRedis(): Promise<void>;
  /** Starts another, empty one at the same port. */
  restartRedis(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts both on free ports, in a folder of their own. They end with this process, however it ends. */
export async function startServers(): Promise<Servers> {
  const folder = await mkdtemp(join(tmpdir(), "iep-bench-"));
  await chmod(folder, 0o755); // PostgreSQL may run as another user.
  const removeFolder = (): Promise<void> => rm(folder, { recursive: true, force: true, maxRetries: 20 });
  const postgres = await startEmbeddedPostgres({
    dataDir: join(folder, "postgres"),
    settings: POSTGRES_SETTINGS,
  }).catch(async (error: unknown) => {
    await removeFolder();
    throw error;
  });
  let redis = await startRedis(folder).catch(async (error: unknown) => {
    await postgres.stop("immediate");
    await removeFolder();
    throw error;
  });
  let places = 0;

  return {
    postgresUrl: postgres.url,
    async createPlace() {
      const name = `bench_${(places += 1)}`;
      await runSql(postgres.url, `CREATE DATABASE ${name}`);
      await flush(redis.url);
      const url = new URL(postgres.url);
      url.pathname = name;
      return { databaseUrl: url.href, redisUrl: redis.url };
    },
    async dropPlace({ databaseUrl }) {
      await runSql(
        postgres.url,
        `DROP DATABASE IF EXISTS ${new URL(databaseUrl).pathname.slice(1)} WITH (FORCE)`,
      );
    },
    checkpoint: () => runSql(postgres.url, "CHECKPOINT"),
    cpu: () => ({ postgres: cpuOfTree(postgres.pid), redis: cpuOf(redis.pid) }),
    stopRedis: () => redis.stop(),
    async restartRedis() {
      await redis.stop();
      redis = await startRedis(folder, redis.port);
      await flush(redis.url);
    },
    async stop() {
      await Promise.all([redis.stop(), postgres.stop("immediate")]);
      await removeFolder();
    },
  };
}

async function flush(url: string): Promise<void> {
  const redis = new Redis(url);
  await redis.flushall();
  redis.disconnect();
}
