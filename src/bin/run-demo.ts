import { randomBytes } from "node:crypto";
import { join } from "node:path";
import type { Logger } from "pino";
import { createApi } from "../api/server.ts";
import { createDemoFolder, removeDemoFolder } from "../demo/folder.ts";
import { playDemo } from "../demo/play.ts";
import { createProgress, type ProgressStream } from "../demo/progress.ts";
import { formatReport } from "../demo/report.ts";
import { summarize } from "../demo/summary.ts";
import { countJobs, planWorkload } from "../demo/workload.ts";
import { startLocalPostgres } from "../local/local-postgres.ts";
import { redisAddress } from "../queue/redis/redis-address.ts";
import { RedisLists } from "../queue/redis/redis-lists.ts";
import { within } from "../core/lib/within.ts";
import type { Config } from "./config.ts";
import { forgetDriverSettings } from "./forget-driver-settings.ts";
import { createLog } from "./create-log.ts";
import { openPlatform } from "./open-platform.ts";
import { startRunner } from "./run-runner.ts";
import { listenForStop } from "./stop-signal.ts";
import { waitForServers } from "./wait-for-servers.ts";

/** For the start and the work. Closing has its own bounds, so that all of it takes less than a minute. */
const TIME_LIMIT_MS = 42_000;
/** How long each thing may take to close. */
const CLOSE_MS = 2_500;
/** Few, so that jobs wait and the order in which they run can be seen. */
const CONCURRENCY = 8;
/** The exit code by which a shell reports Ctrl-C. */
const EXIT_INTERRUPTED = 130;

/** The demo was asked to stop, or is too slow: the reason of its `AbortSignal`. */
class DemoEnded extends Error {
  readonly exitCode: number;

  constructor(message: string, exitCode: number) {
    super(message);
    this.exitCode = exitCode;
  }
}

interface Demo {
  readonly config: Config;
  readonly stdout: ProgressStream;
  readonly json: boolean;
  readonly log: Logger;
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
  /** What was opened, to be closed in the opposite order. */
  readonly closing: (() => Promise<unknown>)[];
}

/**
 * `npm run demo`: the main job from start to end on a stack of its own, which leaves nothing behind. Returns
 * the exit code: 0; 1 when a promise is broken or it takes too long; 130 when it was interrupted. With `json`
 * it prints one document on stdout and nothing else there.
 */
export async function runDemo(
  config: Config,
  stdout: ProgressStream,
  { json = false }: { readonly json?: boolean } = {},
): Promise<number> {
  const ending = new AbortController();
  const stop = (message: string, exitCode: number): void => ending.abort(new DemoEnded(message, exitCode));
  void listenForStop().asked.then(() => stop("Interrupted; cleaning up.", EXIT_INTERRUPTED));
  // Whoever reads stdout has closed it, as `head` does.
  stdout.on("error", () => stop("Nobody reads stdout.", EXIT_INTERRUPTED));
  const timer = setTimeout(() => {
    stop(
      `The demo was not done within ${TIME_LIMIT_MS / 1_000} s and was ended. LOG_LEVEL=info shows more.`,
      1,
    );
  }, TIME_LIMIT_MS);

  // A log for people: it only speaks up when something is wrong, unless LOG_LEVEL asks for more.
  const level = process.env["LOG_LEVEL"] ? config.LOG_LEVEL : "warn";
  const { log } = await createLog({ level, fd: 2, readable: true });
  const say = (line: string): void => void (json || stdout.write(`${line}\n`));
  const demo: Demo = { config, stdout, json, log, say, signal: ending.signal, closing: [] };
  const work = play(demo);
  try {
    return await Promise.race([work, aborted(ending.signal)]);
  } catch (error) {
    const reason: unknown = ending.signal.aborted ? ending.signal.reason : error;
    if (!(reason instanceof DemoEnded)) throw error;
    // Work that is cut off in the middle logs errors that nobody can act on.
    log.level = "silent";
    process.stderr.write(`${reason.message}\n`);
    return reason.exitCode;
  } finally {
    clearTimeout(timer);
    ending.abort();
    // What is still being opened is closed below, so it must be open by then.
    await within(CLOSE_MS, work).catch(() => undefined);
    await closeAll(demo);
  }
}

/** Starts the stack, plays the demo and prints its figures. Returns 0, or 1 when a promise is broken. */
async function play(demo: Demo): Promise<number> {
  const { config, stdout, json, say, signal } = demo;
  const started_at = performance.now();
  const seconds = (): string => ((performance.now() - started_at) / 1_000).toFixed(1);
  say("The main job from start to end, on a stack of its own that goes away afterwards.\n");
  const { platform, api_url, adminApiKey, folder } = await startStack(demo);
  say(`  API           ${api_url}`);
  say(`  PostgreSQL    embedded, in ${folder}`);
  say(`  Ready queue   ${config.REDIS_URL ? `Redis at ${redisAddress(config.REDIS_URL)}` : "PostgreSQL"}`);
  say(`  Runner        one, ${CONCURRENCY} jobs at a time`);
  say(`  Ready         in ${seconds()} s\n`);

  const workload = planWorkload();
  const { inBatches, singles } = countJobs(workload);
  say(`${workload.length} customers submit ${inBatches} jobs in batches and ${singles} one by one\n`);
  const progress = createProgress(json ? undefined : stdout);
  const record = await playDemo({
    workload,
    api_url,
    adminApiKey,
    audit: () => platform.audit(),
    progress,
    signal,
  }).finally(() => progress.end());

  const summary = summarize(record);
  const broken = summary.checks.filter(({ ok }) => !ok).length;
  if (json) stdout.write(`${JSON.stringify(summary, null, 2)}\n`);
  say(`\n${formatReport(summary)}`);
  say(broken === 0 ? `Every promise holds. ${seconds()} s in all.` : `${broken} CHECKS FAILED`);
  return broken === 0 ? 0 : 1;
}

/** Starts what `npm start` starts, on a database and a port that nobody else has. */
async function startStack({ config, log, signal, closing }: Demo) {
  const folder = await createDemoFolder();
  closing.push(() => removeDemoFolder(folder));
  signal.throwIfAborted();
  forgetDriverSettings();
  const postgres = await startLocalPostgres(join(folder, "postgres"));
  // Its folder goes away: there is nothing to write out.
  closing.push(() => postgres.stop("immediate"));
  signal.throwIfAborted();

  // Braces: one slot of a Redis Cluster. Random: another demo, or a real platform, may use the same Redis.
  const QUEUE_KEY_PREFIX = `{demo-${randomBytes(6).toString("hex")}}`;
  const settings = {
    ...config,
    DATABASE_URL: postgres.url,
    DATABASE_DIRECT_URL: undefined,
    QUEUE_KEY_PREFIX,
    RUNNER_CONCURRENCY: CONCURRENCY,
  };
  const platform = openPlatform(settings, "iep demo", log);
  closing.push(() => platform.close());
  await waitForServers(platform, settings, { say: (line) => log.warn(line), migrate: "own" });
  if (config.REDIS_URL !== undefined) closing.push(removeLists(config.REDIS_URL, QUEUE_KEY_PREFIX));
  signal.throwIfAborted();

  const adminApiKey = randomBytes(32).toString("base64url");
  const api = await createApi({ platform, adminApiKey, log });
  closing.push(() => api.close());
  const api_url = await api.listen({ host: "127.0.0.1", port: 0 });
  // Some jobs of the play are meant to fail: each would be a warning.
  const runnerLog = log.level === "warn" ? log.child({}, { level: "error" }) : log;
  const runner = await startRunner(platform, settings, runnerLog);
  // No grace: what runs after an interruption works for nobody.
  closing.push(() => runner.stop(0));
  return { platform, api_url, adminApiKey, folder };
}

/**
 * Removes the ready lists of the demo. They are empty after a demo that was played to its end; after an
 * interrupted one, ids are left in them.
 */
function removeLists(url: string, prefix: string): () => Promise<void> {
  return async () => {
    const lists = new RedisLists(url, prefix);
    try {
      await lists.remove();
    } finally {
      lists.close();
    }
  };
}

async function closeAll({ closing, log }: Demo): Promise<void> {
  for (const close of closing.toReversed()) {
    // One that fails must not keep the next from being closed: the folder and the server come last.
    await within(CLOSE_MS, close()).catch((error: unknown) => log.warn({ err: error }, "closing failed"));
  }
}

/** Rejects when the signal aborts. */
async function aborted(signal: AbortSignal): Promise<never> {
  return await new Promise<never>((_resolve, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
  });
}
