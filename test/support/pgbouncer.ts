import { execFile } from "node:child_process";
import { chmod, chown, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { startChildServer } from "../../src/local/child-server.ts";
import { onFreePort } from "../../src/local/free-port.ts";
import { unprivilegedAccount } from "../../src/local/unprivileged.ts";
import { atTheEnd } from "./cleanup.ts";
import { temporaryFolder } from "./temporary-folder.ts";

/** The version of the installed PgBouncer; undefined where there is none (Debian: apt-get install pgbouncer). */
export async function pgbouncerVersion(): Promise<string | undefined> {
  try {
    const { stdout } = await promisify(execFile)("pgbouncer", ["--version"], { env: PATH });
    return stdout.split("\n")[0];
  } catch {
    return undefined;
  }
}

const PATH = { PATH: `${process.env["PATH"]}:/usr/sbin` };

/**
 * A PgBouncer in transaction mode before the server of `url`, as its manual tells to run one for clients that
 * send `options`. Answers the URL to go through it. Ends with the test.
 */
export async function startPgbouncer(url: string, poolSize = 4): Promise<string> {
  const target = new URL(url);
  const folder = await temporaryFolder();
  const account = await unprivilegedAccount();
  const users = join(folder, "users.txt");
  await writeFile(users, `"${target.username}" "${target.password}"\n`);
  return await onFreePort(undefined, async (port) => {
    const config = join(folder, "pgbouncer.ini");
    await writeFile(
      config,
      `[databases]
* = host=${target.hostname} port=${target.port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = plain
auth_file = ${users}
pool_mode = transaction
default_pool_size = ${poolSize}
ignore_startup_parameters = options,extra_float_digits
`,
    );
    await chmod(folder, 0o755);
    if (account) for (const path of [folder, users, config]) await chown(path, account.uid, account.gid);
    const server = await startChildServer({
      name: "PgBouncer",
      command: "pgbouncer",
      args: [config],
      ...account,
      env: PATH,
      readyLine: "process up",
      endSignal: "SIGINT",
      forceSignal: "SIGKILL",
    });
    atTheEnd(() => server.stop());
    const pooled = new URL(url);
    pooled.port = String(port);
    return pooled.href;
  });
}
