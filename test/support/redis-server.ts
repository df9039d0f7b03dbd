import { startChildServer } from "../../src/local/child-server.ts";
import { onFreePort } from "../../src/local/free-port.ts";
import { findRedis } from "./redis-binary.ts";

export interface RedisServer {
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /**
   * SIGKILL is a crash; SIGTERM, left out, an orderly end. Nothing is kept either way. Resolves when the
   * process is gone.
   */
  stop(signal?: "SIGTERM" | "SIGKILL"): Promise<void>;
}

export interface RedisServerOptions {
  /** Its working folder; nothing is written there as long as nobody asks it to save. */
  readonly folder: string;
  /** To come back where one was before; a free one when left out. */
  readonly port?: number | undefined;
  /** More arguments, such as `--rename-command`. */
  readonly args?: readonly string[] | undefined;
}

/** A Redis (or Valkey) that keeps nothing on disk and dies with this process. */
export async function startRedisServer({
  folder,
  port: preferred,
  args = [],
}: RedisServerOptions): Promise<RedisServer> {
  const command = await findRedis();
  return onFreePort(preferred, async (port) => {
    const server = await startChildServer({
      name: "Redis",
      command,
      args: [
        "--save",
        "",
        "--appendonly",
        "no",
        "--bind",
        "127.0.0.1",
        "--port",
        String(port),
        "--dir",
        folder,
        ...args,
      ],
      env: {},
      readyLine: "Ready to accept connections",
      endSignal: "SIGTERM",
      forceSignal: "SIGKILL",
    });
    return { url: `redis://127.0.0.1:${port}`, port, pid: server.pid, stop: (signal) => server.stop(signal) };
  });
}
