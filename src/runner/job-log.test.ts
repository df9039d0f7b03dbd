import { beforeEach, describe, expect, test } from "vitest";
import { v7 as uuidv7 } from "uuid";
import { z } from "zod";
import { createGate } from "../../test/support/gate.ts";
import { redisNamespace } from "../../test/support/redis.ts";
import {
  createCustomer,
  createJobType,
  createRunner,
  createTestPlatform,
  type TestPlatform,
} from "../../test/support/test-platform.ts";
import { runSql } from "../../test/support/sql.ts";
import { startTestRunner, waitForEnd } from "../../test/support/test-runner.ts";
import { waitFor } from "../../test/support/wait-for.ts";
import type { OpenPlatform } from "../bin/open-platform.ts";
import type { Job } from "../core/model/job.ts";
import type { NewJobType } from "../core/model/job-type.ts";
import { submitJob, submitJobs } from "../core/use-cases/submit-jobs.ts";
import { defineProcessor } from "../processors/sdk/define-processor.ts";
import type { Processor } from "../processors/sdk/processor.ts";
import { commandProcessor } from "../processors/subprocess/test-command.ts";

let testPlatform: TestPlatform;
let platform: OpenPlatform;
let customer_id: string;

beforeEach(async () => {
  testPlatform = await createTestPlatform({ redis: redisNamespace() });
  ({ platform } = testPlatform);
  customer_id = await createCustomer(platform);
});

async function submit(processor: Processor, input_data: unknown = {}, options: Partial<NewJobType> = {}) {
  const job_type_id = await createJobType(platform, { processing_logic_id: processor.id, ...options });
  return await submitJob(platform, { customer_id, job_type_id, priority: 1, input_data });
}

async function run(processor: Processor, input_data?: unknown, options?: Partial<NewJobType>): Promise<Job> {
  startTestRunner(testPlatform, [processor]);
  return await waitForEnd(platform, (await submit(processor, input_data, options)).id);
}

async function linesOf({ id }: Pick<Job, "id">): Promise<string[]> {
  const lines = await platform.jobLog.list(id, {}, { limit: 10_000 });
  return (lines ?? []).map(({ attempt, level, message }) => `${attempt} ${level} ${message}`);
}

describe("the log of a job", () => {
  test("has all lines when the job has ended, and its last progress", async () => {
    const job = await run(
      defineProcessor({
        id: "talks",
        run: (_input, context) => {
          const { log } = context;
          log.info({ pages: 12 }, "read");
          for (let n = 0; n <= 100; n += 1) context.progress(n / 200, `page ${n}`);
          log.warn({}, "no text");
          log.error({ code: 7 });
          log.debug({}, "not kept where the log has no debug");
          return null;
        },
      }),
    );
    expect(await linesOf(job)).toEqual(['1 info read {"pages":12}', "1 warn no text", '1 error {"code":7}']);
    expect(job.progress).toMatchObject({ fraction: 0.5, message: "page 100" });
    const told_at = Date.parse(job.progress?.at ?? "");
    expect(told_at).toBeGreaterThanOrEqual(Date.parse(job.started_at ?? ""));
    expect(told_at).toBeLessThanOrEqual(Date.parse(job.completed_at ?? ""));
  });

  test("of each attempt is kept, also of one that failed", async () => {
    const job = await run(
      defineProcessor({
        id: "second",
        run: (_input, context) => {
          const { attempt, log } = context;
          log.info({}, `attempt ${attempt}`);
          if (attempt === 1) {
            context.progress(0.9);
            throw new Error("no");
          }
          return null;
        },
      }),
    );
    expect(await linesOf(job)).toEqual(["1 info attempt 1", "2 info attempt 2"]);
    expect(job.progress).toBeNull();
  });

  test("is read while the attempt runs", async () => {
    const gate = createGate();
    const processor = defineProcessor({
      id: "waits",
      run: async (_input, context) => {
        const { log } = context;
        log.info({}, "begun");
        context.progress(0.25);
        await gate.opened;
        return null;
      },
    });
    startTestRunner(testPlatform, [processor]);
    const { id } = await submit(processor);
    await waitFor(async () => (await linesOf({ id })).includes("1 info begun"), { describe: "a line" });
    expect(await platform.jobs.findById(id)).toMatchObject({
      status: "running",
      progress: { fraction: 0.25 },
    });
    gate.open();
    await waitForEnd(platform, id);
  });

  test("has what a command says on stdout and stderr", async () => {
    const processor = await commandProcessor({
      script: `cat > /dev/null; echo "to stderr" >&2; echo '{"log":"careful","level":"warn"}'; echo '{"progress":0.5,"message":"half"}'; echo '{"output":1}'`,
    });
    const job = await run(processor);
    expect((await linesOf(job)).toSorted()).toEqual(["1 info to stderr", "1 warn careful"]);
    expect(job.progress).toMatchObject({ fraction: 0.5, message: "half" });
  });

  test("takes any text, and loses only the character NUL", async () => {
    const hostile = 'a\u0000b\u001b[31m\n\t"quoted" \\ \u202e {NULL} \ud800 <script>';
    const job = await run(
      defineProcessor({ id: "hostile", run: (_input, { log }) => log.info({}, hostile) }),
    );
    expect(await linesOf(job)).toEqual(['1 info ab\u001b[31m\n\t"quoted" \\ \u202e {NULL} \ufffd <script>']);
  });

  test("is bounded: lines are cut, and the rest is left out", async () => {
    const job = await run(
      defineProcessor({
        id: "floods",
        run: (_input, context) => {
          const { log } = context;
          for (let n = 0; n < 100_000; n += 1) log.info({}, "x".repeat(5_000));
          context.progress(0.5, "y".repeat(5_000));
          return null;
        },
      }),
    );
    const lines = await linesOf(job);
    expect(lines.length).toBeLessThan(20);
    expect(lines.at(-1)).toBe("1 warn this attempt has logged 65536 characters: the rest is left out");
    expect(Math.max(...lines.map((line) => line.length))).toBe("1 info ".length + 4_000);
    expect(job.progress?.message).toHaveLength(500);
  });
});

describe("what the input schema marks as secret is hidden", () => {
  const talk = (id: string, input?: z.ZodType) =>
    defineProcessor({
      id,
      ...(input && { input }),
      run: (given, context) => {
        const { log } = context;
        log.info({ given, nested: ["key hunter2"] }, `using hunter2`);
        log.info({}, JSON.stringify(given));
        context.progress(0.5, "with hunter2");
        return null;
      },
    });

  test("by the job type's", async () => {
    const input_schema = { properties: { key: { type: "string", writeOnly: true } } };
    const job = await run(talk("by-type"), { key: "hunter2", open: "yes" }, { input_schema });
    expect(await linesOf(job)).toEqual([
      '1 info using [redacted] {"given":{"key":"[redacted]","open":"yes"},"nested":["key [redacted]"]}',
      '1 info {"key":"[redacted]","open":"yes"}',
    ]);
    expect(job.progress?.message).toBe("with [redacted]");
    expect(job.input_data).toEqual({ key: "hunter2", open: "yes" });
  });

  test("by the processor's", async () => {
    const input = z.object({ key: z.string().meta({ writeOnly: true }).optional() });
    const job = await run(talk("by-zod", input), { key: "hunter2" });
    expect((await linesOf(job)).join()).not.toContain("hunter2");
    expect(job.progress?.message).toBe("with [redacted]");
  });

  test("also where a long line of a command was cut", async () => {
    const processor = await commandProcessor({
      script: `cat > /dev/null; printf '%1992scorrect-horse\\n%1992sbattery-staple\\n' '' '' >&2`,
    });
    const secret = { type: "string", writeOnly: true };
    const input_schema = { properties: { one: secret, two: secret } };
    const job = await run(processor, { one: "correct-horse", two: "battery-staple" }, { input_schema });
    const said = (await linesOf(job)).map((line) => line.replaceAll(/\s+/g, " "));
    expect(said).toEqual([
      "1 info [redacted]…",
      "1 info …[redacted]",
      "1 info [redacted]…",
      "1 info …[redacted]",
    ]);
  });
});

describe("writing it", () => {
  test("takes few calls for many attempts, and none for those that say nothing", async () => {
    const { jobLog } = platform;
    const sizes: number[] = [];
    const counted = {
      ...platform,
      jobLog: {
        list: jobLog.list.bind(jobLog),
        async write(told: Parameters<typeof jobLog.write>[0]) {
          sizes.push(told.length);
          return await jobLog.write(told);
        },
      },
    };
    const quiet = defineProcessor({ id: "quiet", run: () => null });
    const loud = defineProcessor({ id: "loud", run: (_input, { log }) => log.info({}, "one line") });
    startTestRunner({ ...testPlatform, platform: counted }, [quiet, loud], 100);
    const submitAll = async (processor: Processor): Promise<string[]> => {
      const job_type_id = await createJobType(platform, { processing_logic_id: processor.id });
      const jobs = Array.from({ length: 400 }, () => ({
        customer_id,
        job_type_id,
        priority: 1 as const,
        input_data: {},
      }));
      const submitted = await submitJobs(platform, jobs);
      return submitted.flatMap((one) => ("job" in one ? [one.job.id] : []));
    };
    await submitAll(quiet);
    await waitForAll(400);
    expect(sizes).toEqual([]);
    const ids = await submitAll(loud);
    await waitForAll(800);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(400);
    expect(sizes.length).toBeLessThan(100);
    for (const id of ids.slice(0, 20)) expect(await linesOf({ id })).toEqual(["1 info one line"]);
  });

  test("that fails costs the attempt a second at most, and nothing else", async () => {
    const { jobLog } = platform;
    const broken = {
      ...platform,
      jobLog: { list: jobLog.list.bind(jobLog), write: () => new Promise<void>(() => undefined) },
    };
    const processor = defineProcessor({ id: "loud", run: (_input, { log }) => log.info({}, "lost") });
    startTestRunner({ ...testPlatform, platform: broken }, [processor]);
    const job = await waitForEnd(platform, (await submit(processor)).id);
    expect(job).toMatchObject({ status: "succeeded", cost_cents: 10 });
    expect(await linesOf(job)).toEqual([]);
  });

  test("is fenced: what another attempt, or no attempt, told is left out", async () => {
    const runner_id = await createRunner(platform);
    const { id } = await submit(defineProcessor({ id: "echo", run: () => null }));
    const told = (attempt: number, seq: number, message: string) =>
      ({ id, attempt, seq, at: new Date().toISOString(), level: "info", message }) as const;
    await platform.jobLog.write([told(1, 1, "too early")]);
    await platform.jobs.claim({ runner_id, ids: [id] });
    await platform.jobLog.write([told(0, 1, "older"), told(1, 1, "mine"), told(2, 1, "newer")]);
    await platform.jobLog.write([
      told(1, 1, "sent again"),
      { ...told(1, 2, "half"), level: undefined, fraction: 0.5 },
    ]);
    await platform.jobLog.write([{ ...told(2, 1, "not mine"), level: undefined, fraction: 0.9 }]);
    expect(await platform.jobs.findById(id)).toMatchObject({ progress: { fraction: 0.5, message: "half" } });
    await platform.jobs.settle([{ id, attempt: 1, kind: "succeeded", output: null }]);
    await platform.jobLog.write([told(1, 3, "too late"), told(1, 1, "of no job")]);
    await platform.jobLog.write([{ ...told(1, 1, "unknown"), id: uuidv7() }]);
    expect(await linesOf({ id })).toEqual(["1 info mine"]);
  });

  test("goes with the job when it is deleted", async () => {
    const processor = defineProcessor({
      id: "loud",
      run: (_input, context) => {
        const { log } = context;
        log.info({}, "line");
        context.progress(1);
        return null;
      },
    });
    const { id } = await run(processor);
    expect(await linesOf({ id })).toHaveLength(1);
    expect(await platform.jobs.prune({ older_days: 0, max: 100, after: undefined })).toMatchObject({
      pruned: 1,
    });
    expect(await platform.jobLog.list(id, {}, { limit: 10 })).toBeUndefined();
    const { rows } = await sqlCount(testPlatform.databaseUrl);
    expect(rows).toEqual([{ lines: 0, progress: 0 }]);
  });
});

async function waitForAll(count: number): Promise<void> {
  const ended = "SELECT count(*)::int AS ended FROM jobs WHERE status = 'succeeded'";
  await waitFor(
    async () => {
      await platform.readyQueue.refill();
      return (await runSql<{ ended: number }>(testPlatform.databaseUrl, ended)).rows[0]?.ended === count;
    },
    { describe: `${count} jobs to succeed` },
  );
}

async function sqlCount(databaseUrl: string) {
  return await runSql(
    databaseUrl,
    "SELECT (SELECT count(*)::int FROM job_log) AS lines, (SELECT count(*)::int FROM job_progress) AS progress",
  );
}
