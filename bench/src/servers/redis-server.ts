import { access, constants } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { startChildServer } from "../../../src/local/child-server.ts";
import { onFreePort } from "../../../src/local/free-port.ts";

export interface RedisServer {
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  stop(): Promise<void>;
}

const PROGRAMS = ["redis-server", "valkey-server"];
const MORE_FOLDERS = ["/usr/bin", "/usr/local/bin", "/opt/homebrew/bin"];

/**
 * An append-only file that is synced every second, as a careful operator runs Redis, and as BullMQ's
 * production page asks for.
 */
export async function startRedis(folder: string, preferred?: number): Promise<RedisServer> {
  const command = await findRedis();
  const settings = { save: "", appendonly: "yes", appendfsync: "everysec", "maxmemory-policy": "noeviction" };
  return await onFreePort(preferred, async (port) => {
    const values = { ...settings, bind: "127.0.0.1", port: String(port), dir: folder };
    const server = await startChildServer({
      name: "Redis",
      command,
      args: Object.entries(values).flatMap(([name, value]) => [`--${name}`, value]),
      env: {},
      readyLine: "Ready to accept connections",
      endSignal: "SIGTERM",
      forceSignal: "SIGKILL",
    });
    return { url: `redis://127.0.0.1:${port}`, port, pid: server.pid, stop: () => server.stop() };
  });
}

async function findRedis(): Promise<string> {
  const folders = [...(process.env["PATH"] ?? "").split(delimiter).filter(Boolean), ...MORE_FOLDERS];
  for (const path of PROGRAMS.flatMap((program) => folders.map((folder) => join(folder, program)))) {
    if (
      await access(path, constants.X_OK).then(
        () => true,
        () => false,
      )
    )
      return path;
  }
  throw new Error(
    "the bench needs redis-server or valkey-server, as the tests do: npm test says how to get it",
  );
}
