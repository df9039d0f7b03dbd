import { execFile } from "node:child_process";
import { chmod, chown, stat } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { Client } from "pg";
import { beforeAll, expect, test } from "vitest";
import { atTheEnd } from "../../../test/support/cleanup.ts";
import { temporaryFolder } from "../../../test/support/temporary-folder.ts";
import { startEmbeddedPostgres } from "../../local/embedded-postgres.ts";
import { connectionConfig } from "./pool.ts";

const hasOpenssl = await promisify(execFile)("openssl", ["version"]).then(
  () => true,
  () => false,
);

let url = "";
let certificate = "";

/** A server with a certificate that nobody signed but itself, for another host. */
beforeAll(async () => {
  if (!hasOpenssl) return;
  const dataDir = join(await temporaryFolder(), "postgres");
  const first = await startEmbeddedPostgres({ dataDir, settings: { fsync: "off" } });
  await first.stop();
  const { uid, gid } = await stat(dataDir);
  const [key, cert] = [join(dataDir, "server.key"), join(dataDir, "server.crt")];
  const args = `req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=db.example -keyout ${key} -out ${cert}`;
  await promisify(execFile)("openssl", args.split(" "));
  for (const path of [key, cert]) {
    await chown(path, uid, gid);
    await chmod(path, 0o600);
  }
  const server = await startEmbeddedPostgres({ dataDir, settings: { fsync: "off", ssl: "on" } });
  atTheEnd(() => server.stop());
  url = server.url;
  certificate = cert;
});

async function isEncrypted(parameters: Readonly<Record<string, string>>): Promise<unknown> {
  const target = new URL(url);
  target.search = new URLSearchParams(parameters).toString();
  const client = new Client(connectionConfig(target.href, "test"));
  client.on("error", () => undefined);
  await client.connect();
  try {
    const { rows } = await client.query<{ ssl: boolean }>(
      "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()",
    );
    return rows[0]?.ssl;
  } finally {
    await client.end();
  }
}

test.skipIf(!hasOpenssl)(
  "sslmode in the URL does what psql does, and no-verify what require does there",
  async () => {
    expect(await isEncrypted({ sslmode: "disable" })).toBe(false);
    expect(await isEncrypted({})).toBe(false);
    expect(await isEncrypted({ sslmode: "require" })).toBe(true);
    expect(await isEncrypted({ sslmode: "no-verify" })).toBe(true);
    expect(await isEncrypted({ sslmode: "verify-ca", sslrootcert: certificate })).toBe(true);
    await expect(isEncrypted({ sslmode: "verify-full", sslrootcert: certificate })).rejects.toThrow(
      /altnames/,
    );
    await expect(isEncrypted({ sslmode: "verify-full" })).rejects.toThrow(/self-signed/);
  },
);
