import { resolve } from "node:path";
import { type ChildServer, startChildServer } from "./child-server.ts";
import { onFreePort } from "./free-port.ts";
import { findPostgresBinaries } from "./postgres-binaries.ts";
import { type Cluster, openCluster, POSTGRES_ENV } from "./postgres-cluster.ts";
import { createLauncher } from "./unprivileged.ts";

export interface PostgresServer {
  /** Of the superuser, to the database `postgres`, password included. */
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /**
   * `fast` ends connections and writes everything out; `immediate` is a crash. Resolves when the process is
   * gone; may be called again.
   */
  stop(mode?: "fast" | "immediate"): Promise<void>;
}

export interface EmbeddedPostgresOptions {
  /** Made when it is not there. */
  readonly dataDir: string;
  /** Preferred; a free one is taken when it is in use or left out. */
  readonly port?: number | undefined;
  /** Settings of postgresql.conf; they win over those below. */
  readonly settings?: Readonly<Record<string, string>> | undefined;
  /** Where initdb and postgres are, when not those that npm installed. */
  readonly binDir?: string | undefined;
  /** Gets every line that the server logs. */
  readonly log?: ((line: string) => void) | undefined;
}

/** fsync and synchronous_commit stay on: what is committed survives a power cut, on a laptop as well. */
const SETTINGS = { max_connections: "100", shared_buffers: "128MB", jit: "off" };

/**
 * Starts a PostgreSQL of our own on the loopback interface, on a data folder that is created the first time
 * and kept. It ends with this process even after kill -9 (as `fast` does), and is never hit by Ctrl-C: who
 * starts it stops it.
 *
 * Measured on 2 cores: 0.7 to 1.8 s for the first start with initdb, 3.3 s with nothing in the disk cache;
 * below 0.15 s for the next.
 *
 * Throws when another server still runs on the folder (and leaves that alone), and whatever the log says when
 * PostgreSQL refuses to start.
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<PostgresServer> {
  const settings = { ...SETTINGS, ...options.settings };
  const binaries = await findPostgresBinaries(options.binDir);
  const cluster = await openCluster(
    resolve(options.dataDir),
    binaries,
    options.settings?.["fsync"] !== "off",
  );
  return onFreePort(options.port, async (port) => {
    const server = await startOn(port, cluster, binaries.postgres, settings, options.log);
    return {
      // A loopback connection has no TLS, whatever PGSSLMODE says to other programs.
      url: `postgres://postgres:${cluster.password}@127.0.0.1:${port}/postgres?sslmode=disable`,
      port,
      pid: server.pid,
      stop: (mode = "fast") => server.stop(mode === "fast" ? "SIGINT" : "SIGQUIT"),
    };
  });
}

async function startOn(
  port: number,
  { dataDir, account }: Cluster,
  postgres: string,
  settings: Readonly<Record<string, string>>,
  log: EmbeddedPostgresOptions["log"],
): Promise<ChildServer> {
  const launcher = await createLauncher(account, [postgres, dataDir]);
  const values = {
    ...settings,
    listen_addresses: "127.0.0.1",
    port: String(port),
    unix_socket_directories: "",
  };
  const args = Object.entries(values).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  try {
    return await startChildServer({
      name: "PostgreSQL",
      ...launcher(postgres, ["-D", dataDir, ...args]),
      env: POSTGRES_ENV,
      readyLine: "database system is ready to accept connections",
      endSignal: "SIGINT",
      forceSignal: "SIGQUIT",
      log,
    });
  } catch (error) {
    throw alreadyRuns(error, dataDir) ?? error;
  }
}

/** PostgreSQL itself sees a living server on its folder, by postmaster.pid. */
function alreadyRuns(error: unknown, dataDir: string): Error | undefined {
  if (!(error instanceof Error) || !error.message.includes('"postmaster.pid" already exists'))
    return undefined;
  const [, pid = "unknown"] = /\(PID (\d+)\)/.exec(error.message) ?? [];
  return new Error(
    `a PostgreSQL already runs on ${dataDir} (process ${pid}): stop what started it, or kill -INT ${pid}`,
  );
}
