import { readFile, statfs } from "node:fs/promises";
import { createRequire } from "node:module";
import { availableParallelism, cpus, tmpdir, totalmem, type as osType, release } from "node:os";
import { Redis } from "ioredis";
import { withClient } from "../servers/sql.ts";
import type { Place } from "../contender.ts";

const GIB = 1_024 ** 3;
/** File systems without a disk, where fsync costs nothing. */
const TMPFS = 0x01021994;
const require = createRequire(import.meta.url);

/** Returns what a reader must know of this machine to judge the numbers, as lines of text. */
export async function describeMachine(place: Place): Promise<string[]> {
  const model = cpus()[0]?.model ?? "unknown processor";
  const postgres = await withClient(place.databaseUrl, async (client) => {
    const { rows } = await client.query<Record<string, string>>("SHOW server_version");
    return rows[0]?.["server_version"];
  });
  const redis = new Redis(place.redisUrl);
  const redisVersion = /redis_version:(\S+)/.exec(await redis.info("server"))?.[1];
  redis.disconnect();
  const { type } = await statfs(tmpdir());
  return [
    `${new Date().toISOString().slice(0, 10)}; ${model}, ${availableParallelism()} cores, ${Math.round(totalmem() / GIB)} GiB; ${osType()} ${release()}; data on ${type === TMPFS ? "memory (tmpfs: fsync is free there)" : "disk"}`,
    `Node ${process.versions.node}, PostgreSQL ${postgres}, Redis ${redisVersion}, ${(await versions()).join(", ")}`,
  ];
}

/** Versions of what is measured. All APIs use the same Fastify. */
async function versions(): Promise<string[]> {
  const names = ["fastify", "bullmq", "graphile-worker", "pg-boss", "pg", "ioredis"];
  return await Promise.all(names.map(async (name) => `${name} ${await versionOf(name)}`));
}

async function versionOf(name: string): Promise<string> {
  for (const folder of require.resolve.paths(name) ?? []) {
    const text = await readFile(`${folder}/${name}/package.json`, "utf8").catch(() => undefined);
    if (text === undefined) continue;
    const { version } = JSON.parse(text) as { version: string };
    return version;
  }
  return "?";
}
