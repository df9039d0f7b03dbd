import { PassThrough } from "node:stream";
import { pino } from "pino";
import { expect, test } from "vitest";
import { z } from "zod";
import { redisNamespace } from "../../test/support/redis.ts";
import { createCustomer, createJobType, createTestPlatform } from "../../test/support/test-platform.ts";
import { startTestRunner, waitForEnd } from "../../test/support/test-runner.ts";
import { submitJob } from "../core/use-cases/submit-jobs.ts";
import { defineProcessor } from "../processors/sdk/define-processor.ts";
import type { Processor } from "../processors/sdk/processor.ts";
import { commandProcessor } from "../processors/subprocess/test-command.ts";

const SECRET = { type: "string", writeOnly: true };

/** Runs a job whose input has these secrets, and returns it with all that the platform tells of its failure. */
async function failureOf(processor: Processor, secrets: Readonly<Record<string, string>>) {
  const testPlatform = await createTestPlatform({ redis: redisNamespace() });
  const { platform } = testPlatform;
  const lines: string[] = [];
  const stream = new PassThrough().on("data", (chunk: Buffer) => void lines.push(chunk.toString()));
  startTestRunner(testPlatform, [processor], 1, pino({ level: "warn" }, stream));
  const input_schema = {
    properties: Object.fromEntries(Object.keys(secrets).map((name) => [name, SECRET])),
  };
  const job_type_id = await createJobType(platform, {
    processing_logic_id: processor.id,
    input_schema,
    max_attempts: 2,
  });
  const customer_id = await createCustomer(platform);
  const { id } = await submitJob(platform, { customer_id, job_type_id, input_data: secrets });
  const job = await waitForEnd(platform, id);
  const { error, errors } = job;
  return { error, errors, lines, told: JSON.stringify({ error, errors, lines }) };
}

test("the error of an attempt that failed, or is tried again, shows no secret of the input", async () => {
  const processor = defineProcessor({
    id: "tells",
    input: z.object({ key: z.string(), home: z.string() }),
    run: ({ key, home }, { attempt }) => {
      const cause = new Error(`the key was ${key}`);
      throw new Error(`attempt ${attempt}: ${key} is not known in ${home}`, { cause });
    },
  });
  const { error, errors, told, lines } = await failureOf(processor, {
    key: "hunter2",
    home: "/srv/hidden place",
  });
  expect(error?.message).toMatch(/^attempt 2: \[redacted\] is not known in \[redacted\]$/);
  expect(error?.stack).toContain("the key was [redacted]");
  expect(errors).toHaveLength(2);
  expect(lines.join("")).toContain("is not known in [redacted]");
  expect(told).not.toMatch(/hunter2|hidden|place/);
});

test("nor does what a command wrote to stderr, where its end begins within a secret", async () => {
  const processor = await commandProcessor({
    script: `cat > /dev/null; printf 'correct-horse%1995s\\n' x >&2; exit 70`,
  });
  const { error, told } = await failureOf(processor, { key: "correct-horse" });
  expect(error?.message).toMatch(/^…\[redacted\] +x$/);
  expect(error?.stack).toContain("…[redacted]");
  expect(told).not.toMatch(/horse|orse/);
});
