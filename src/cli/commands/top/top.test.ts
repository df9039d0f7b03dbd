import { localProcessorsOf } from "../../../../test/support/local-processors.ts";
import { Writable } from "node:stream";
import { expect, test } from "vitest";
import { createCustomer, createJobType, createRunner } from "../../../../test/support/test-platform.ts";
import { createTestCli } from "../../../../test/support/test-cli.ts";
import { upkeepTask } from "../../../../test/support/upkeep.ts";
import { waitFor } from "../../../../test/support/wait-for.ts";
import { PlatformError } from "../../../core/lib/errors.ts";
import { submitJob } from "../../../core/use-cases/submit-jobs.ts";
import { runCli } from "../../program.ts";
import type { CliContext, ScreenTake } from "../../terminal/context.ts";

type Cli = Awaited<ReturnType<typeof createTestCli>>;

/** A platform with a waiting, a running and a charged job of a type whose name would turn a terminal over. */
async function createBusyCli(changes: Partial<CliContext> = {}): Promise<Cli> {
  const cli = await createTestCli(changes);
  const { platform } = cli;
  const customer_id = await createCustomer(platform);
  const job_type_id = await createJobType(platform, { name: "Sums \u202eevil" });
  const runner_id = await createRunner(platform);
  const submit = async () => (await submitJob(platform, { customer_id, job_type_id, input_data: null })).id;
  const ids = [await submit(), await submit()];
  await submit();
  const [first] = await platform.jobs.claim({ runner_id, ids });
  await platform.jobs.settle([
    { id: first?.id ?? "", attempt: first?.attempt ?? 0, kind: "succeeded", output: null },
  ]);
  await upkeepTask(platform, "counting").runOnce();
  return cli;
}

test("--once prints how things stand", async () => {
  const cli = await createBusyCli();
  const { stdout, exitCode } = await cli.run("top", "--once");
  expect(exitCode).toBe(0);
  expect(stdout).not.toContain("\u001b");
  expect(stdout).toMatch(/^iep top {3}\S+Z {3}1 runner {3}1\/1 slots {3}oldest wait \d+\.\d s$/m);
  expect(stdout).toContain("Nothing needs attention.");
  expect(stdout).toMatch(/^a second {2}submitted 0\.6 {3}succeeded 0\.\d {3}failed 0\.0/m);
  expect(stdout).toMatch(/^money {5}held 0\.20 EUR {3}charged 0\.\d\d EUR a minute$/m);
  expect(stdout).toMatch(/^1 medium +0 +1 +0 +0 +1 +\d+\.\d s$/m);
  expect(stdout).toMatch(/^Sums .*evil +1 +1 +\d+\.\d s/m);
  expect(stdout).toMatch(/^[0-9a-f-]{36} +\S+ +1\/1 +\S+ +\d+s$/m);

  expect(await cli.json("top")).toMatchObject({
    attention: [],
    now: { runners: 1, slots_used: 1 },
    rates: { submitted: 0.6, failed: 0 },
    runners: [{ slots: 1, running: 1 }],
    charged_cents_per_minute: { EUR: expect.any(Number) as number },
  });
  expect((await cli.run("top", "--every", "0")).stderr).toContain("--every must be a whole number from 1");
});

test("without a terminal there is a line at a time, until it is interrupted", async () => {
  const stop = new AbortController();
  const cli = await createBusyCli({ interruption: () => stop.signal });
  const { context, written } = screenOf(cli, {});
  const ended = runCli(["top", "--every", "1"], { ...context, interruption: () => stop.signal });
  await waitFor(() => written().split("\n").length > 2, { describe: "two lines" });
  stop.abort();
  expect(await ended).toBe(0);
  expect(written()).not.toContain("\u001b");
  expect(written().split("\n")[0]).toMatch(
    /^\S+Z waiting=1 running=1 slots=1 runners=1 oldest_wait=\d+\.\ds submitted\/s=0\.6 succeeded\/s=\S+ failed\/s=0\.0 held=0\.20EUR charged\/min=0\.\d\dEUR attention=none$/,
  );
});

/** The command on a terminal of a test: what it writes, and its keys. */
function screenOf({ platform }: Cli, size: { columns?: number; rows?: number; isTTY?: boolean }) {
  let text = "";
  let taken: ScreenTake | undefined;
  let restored = 0;
  const stdout = Object.assign(
    new Writable({
      write(chunk: Buffer, _encoding, done) {
        text += chunk.toString();
        done();
      },
    }),
    size,
  );
  const never = () => Promise.reject(new Error("not asked for"));
  const context: CliContext = {
    withPlatform: (work) => work(platform),
    migrations: { up: never, down: never, risk: never, status: never, pending: never },
    explain: () => Promise.resolve(undefined),
    serverFacts: never,
    localProcessors: localProcessorsOf(),
    outputSchemas: () => Promise.resolve(new Map()),
    processes: { api: never, runner: never, dev: never, demo: never },
    ...(size.isTTY && {
      takeScreen: (take: ScreenTake) => {
        taken = take;
        return () => {
          restored += 1;
          stdout.write(take.restore);
        };
      },
    }),
    stdout,
    stderr: new Writable({ write: (_chunk, _encoding, done) => done() }),
  };
  return {
    context,
    stdout,
    written: () => text,
    restored: () => restored,
    /** The lines of the latest frame, without what positions them. */
    frame: () =>
      (text.split("\u001b[H").at(-1) ?? "")
        // oxlint-disable-next-line no-control-regex
        .replaceAll(/\u001b\[[?\d;]*[a-zA-Z]/g, "")
        .split("\r\n"),
    async press(key: string) {
      await waitFor(() => taken, { describe: "the screen to be taken" });
      taken?.onKey(key);
    },
  };
}

test("on a terminal it is drawn to fit, sorted, paused and given back", async () => {
  const cli = await createBusyCli();
  await createJobType(cli.platform, { name: "Another" });
  const screen = screenOf(cli, { isTTY: true, columns: 44, rows: 12 });
  const ended = runCli(["top", "--every", "1"], { ...screen.context, hasColors: true });
  await waitFor(() => screen.written().includes("Nothing needs attention."));
  const frame = screen.frame();
  expect(frame).toHaveLength(12);
  expect(frame.every((line) => Array.from(line).length <= 44)).toBe(true);
  expect(frame.at(-1)).toMatch(/^q quit {3}p pause {3}s sort \(waiting\)/);
  expect(screen.written()).toContain("\u001b[?1049h");
  expect(screen.written()).not.toContain("\u202e");

  await screen.press("s");
  expect(screen.frame().at(-1)).toContain("s sort (running)");
  Object.assign(screen.stdout, { columns: 120, rows: 30 });
  screen.stdout.emit("resize");
  expect(screen.frame()).toHaveLength(30);
  expect(screen.frame().join("\n")).toMatch(/^Sums \\u202eevil +1 +1/m);

  await screen.press("p");
  await waitFor(() => screen.frame().at(-1)?.includes("go on (PAUSED)"));
  expect(screen.restored()).toBe(0);
  await screen.press("q");
  expect(await ended).toBe(0);
  expect(screen.restored()).toBe(1);
  expect(screen.written().endsWith("\u001b[?7h\u001b[?25h\u001b[?1049l")).toBe(true);
});

test("a database that is away for a while is said, and the screen goes on; a bug gives the terminal back", async () => {
  const cli = await createBusyCli();
  const list = cli.platform.runners.list.bind(cli.platform.runners);
  let fault: Error | undefined;
  const runners = Object.assign(Object.create(cli.platform.runners) as typeof cli.platform.runners, {
    list: () => (fault ? Promise.reject(fault) : list()),
  });
  const platform = { ...cli.platform, runners };
  const screen = screenOf({ ...cli, platform }, { isTTY: true, columns: 100, rows: 30 });
  const ended = runCli(["top", "--every", "1"], screen.context);
  await waitFor(() => screen.written().includes("Nothing needs attention."));
  fault = new PlatformError("unavailable", "PostgreSQL does not answer.");
  await waitFor(() => screen.frame()[0]?.includes("away  PostgreSQL does not answer."));
  expect(screen.frame().join("\n")).toContain("JOB TYPE");
  fault = undefined;
  await waitFor(() => screen.frame()[0]?.startsWith("iep top"));
  fault = new Error("a bug");
  await expect(ended).rejects.toThrow("a bug");
  expect(screen.restored()).toBe(1);
});
