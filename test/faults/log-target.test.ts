import { execFileSync } from "node:child_process";
import { closeSync, constants, openSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { findFreePort } from "../../src/local/free-port.ts";
import { createTestDatabase } from "../support/database.ts";
import { httpClient } from "../support/http-client.ts";
import { PATIENCE_MS } from "../support/patience.ts";
import { startIep, type StartedProcess } from "../support/processes.ts";
import { ADMIN_API_KEY, jobEnded, postCustomer, postJobType } from "../support/stack.ts";
import { dataFolder, temporaryFolder } from "../support/temporary-folder.ts";
import { waitFor } from "../support/wait-for.ts";

// What the process writes its log to takes nothing: it serves on, and it ends when it is asked to.

interface Target {
  readonly fd: number;
  /** Called once the process has started. */
  readonly spoil?: () => void;
}

const TARGETS: Readonly<Record<string, () => Promise<Target>>> = {
  "a full disk": async () => ({ fd: openSync("/dev/full", "w") }),
  "a pipe that nobody reads": async () => ({ fd: (await openPipe()).writer }),
  "a pipe that is closed": async () => {
    const { reader, writer } = await openPipe();
    return { fd: writer, spoil: () => closeSync(reader) };
  },
};

/** More lines than a pipe and the waiting lines hold together. */
const REFUSED_REQUESTS = 6_000;

test.each(Object.keys(TARGETS))(
  "%s: the api serves, the runner runs jobs, and SIGTERM ends both",
  async (name) => {
    const environment = { DATABASE_URL: (await createTestDatabase()).url };
    const port = await findFreePort();
    const processes: StartedProcess[] = [];
    for (const [command, settings] of [
      ["api", { ADMIN_API_KEY, PORT: String(port), ADDRESS_FAILURES_PER_MINUTE: "0" }],
      ["runner", { LOG_LEVEL: "debug" }],
    ] as const) {
      const { fd, spoil } = (await TARGETS[name]?.()) ?? { fd: 1 };
      const started = startIep([command], { env: { ...environment, ...settings }, stdoutFd: fd });
      closeSync(fd);
      spoil?.();
      processes.push(started);
    }
    const [api] = processes;
    const request = httpClient(`http://127.0.0.1:${port}`, ADMIN_API_KEY);
    await answers(port);
    const stranger = httpClient(`http://127.0.0.1:${port}`, "nobody");
    for (let sent = 0; sent < REFUSED_REQUESTS; sent += 50) {
      const replies = await Promise.all(
        Array.from({ length: 50 }, () => stranger("GET", `/jobs?cursor=${"x".repeat(200)}`)),
      );
      expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([401]));
    }
    const type = await postJobType(request, { processing_logic_id: "echo", standard_cost_cents: 7 });
    const customer = await postCustomer(request, "Logged", 100);
    const { body } = await request<{ id: string }>("POST", "/jobs", {
      customer_id: customer,
      job_type_id: type,
      input_data: 1,
    });
    expect(await jobEnded(request, body.id)).toMatchObject({ status: "succeeded" });
    expect(await residentMiB(api)).toBeLessThan(300);

    const asked_at = performance.now();
    for (const one of processes) one.signal("SIGTERM");
    const exits = await Promise.all(processes.map((one) => one.exited));
    expect(exits).toEqual([
      { code: 0, signal: null },
      { code: 0, signal: null },
    ]);
    expect(performance.now() - asked_at).toBeLessThan(8_000);
    expect(processes.flatMap(({ stderr }) => stderr)).toEqual([]);
  },
  60_000,
);

test.each(Object.keys(TARGETS))("%s: npm start serves, and SIGINT ends it", async (name) => {
  const { fd, spoil } = (await TARGETS[name]?.()) ?? { fd: 1 };
  const port = await findFreePort();
  const cwd = await dataFolder();
  const dev = startIep(["dev"], { cwd, env: { PORT: String(port), LOG_LEVEL: "debug" }, stdoutFd: fd });
  closeSync(fd);
  spoil?.();
  await answers(port);
  dev.signal("SIGINT");
  expect(await dev.exited).toEqual({ code: 0, signal: null });
});

async function openPipe(): Promise<{ reader: number; writer: number }> {
  const path = join(await temporaryFolder(), "pipe");
  execFileSync("mkfifo", [path]);
  const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  return { reader, writer: openSync(path, constants.O_WRONLY) };
}

async function answers(port: number): Promise<void> {
  const isReady = (): Promise<boolean> =>
    fetch(`http://127.0.0.1:${port}/readyz`).then(
      ({ ok }) => ok,
      () => false,
    );
  await waitFor(isReady, { timeoutMs: PATIENCE_MS, describe: () => `port ${port} to answer` });
}

/** Linux only; 0 elsewhere. */
async function residentMiB(started: StartedProcess | undefined): Promise<number> {
  if (process.platform !== "linux") return 0;
  const status = await readFile(`/proc/${started?.pid}/status`, "utf8");
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]) / 1_024;
}
