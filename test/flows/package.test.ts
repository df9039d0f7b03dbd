import { execFile } from "node:child_process";
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { beforeAll, expect, test } from "vitest";
import type { Job } from "../../src/core/model/job.ts";
import { createEmptyDatabase } from "../support/database.ts";
import { startIep, startProcess } from "../support/processes.ts";
import { redisNamespace } from "../support/redis.ts";
import {
  postCustomer,
  postJobType,
  expectCleanAudit,
  jobEnded,
  startApi,
  startRunner,
} from "../support/stack.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

// The package as somebody else uses it: packed, installed into a project outside this checkout, and run from there.

const REPOSITORY = fileURLToPath(new URL("../..", import.meta.url));
const TOOLS = join(REPOSITORY, "node_modules/.bin");

const PROJECT = {
  "package.json": JSON.stringify({ name: "somebody-elses", private: true, type: "module" }),
  "processors/shout.ts": `
import { defineProcessor, FatalError, type ProcessorContext } from "innovation-ecosystem-platform/processors";
import { z } from "zod";

enum Mark { Exclamation = "!" }

function price(text: string, { job }: ProcessorContext): number {
  return Math.min(text.length, job.estimated_cost_cents);
}

export default defineProcessor({
  id: "text.shout",
  input: z.object({ text: z.string().max(10_000) }),
  output: z.object({ text: z.string() }),
  async run({ text }, ctx) {
    if (text === "") throw new FatalError("There is nothing to shout.", { code: "empty_text" });
    ctx.cost(price(text, ctx));
    return { text: text.toUpperCase() + Mark.Exclamation };
  },
});
`,
  "processors/count.ts": `
import { defineProcessor } from "innovation-ecosystem-platform/processors";
import { z } from "zod";

export default defineProcessor({
  id: "count.up",
  thread: true,
  input: z.object({ to: z.int() }),
  run({ to }) {
    let sum = 0;
    for (let n = 1; n <= to; n += 1) sum += n;
    return { sum };
  },
});
`,
  "try-shout.ts": `
import { runForTest, testContext } from "innovation-ecosystem-platform/processors/testing";
import shout from "./processors/shout.js";

const context = testContext({ job: { estimated_cost_cents: 2 } });
const output = await runForTest(shout, { text: "abc" }, context);
console.log(JSON.stringify({ output, cost_cents: context.recorded.cost_cents }));
`,
  "wrong.ts": `
import { defineProcessor } from "innovation-ecosystem-platform/processors";
import { z } from "zod";

export default defineProcessor({
  id: "wrong",
  input: z.object({ text: z.string() }),
  run: (input, ctx) => ctx.cost(input.txet),
});
`,
};

let tarball: string;
let project: string;
/** The declarations in the tarball, below `dist/`. */
let declarations: string[];
let sources: string[];

beforeAll(async () => {
  const packed = await temporaryFolder();
  await run("npm", ["pack", "--silent", "--pack-destination", packed], REPOSITORY);
  const [name = ""] = await readdir(packed);
  tarball = join(packed, name);
  project = await temporaryFolder();
  for (const [file, content] of Object.entries(PROJECT)) {
    await mkdir(dirname(join(project, file)), { recursive: true });
    await writeFile(join(project, file), content);
  }
  // A dependency that needs a newer Node than we promise fails the install.
  const strict = ["--engine-strict", "--ignore-scripts"];
  // `--prefix`, because `npm test` tells every npm below it that the project is this checkout.
  const quick = ["--prefer-offline", "--no-audit", "--no-fund", "--prefix", project];
  await run("npm", ["install", ...strict, ...quick, tarball, "zod"], project);
  const files = await readdir(installed(), { recursive: true });
  const typescript = files.filter((file) => /\.[mc]?ts$/.test(file) && !file.startsWith("node_modules/"));
  declarations = typescript.filter((file) => file.endsWith(".d.ts")).toSorted();
  sources = typescript.filter((file) => !file.endsWith(".d.ts"));
});

test("it brings no TypeScript of ours, and the declarations of what a processor's file may import", () => {
  expect(sources).toEqual([]);
  expect(declarations).toEqual([
    // Of an `InputError`.
    "dist/core/lib/field-error.d.ts",
    "dist/processors/sdk/define-processor.d.ts",
    "dist/processors/sdk/fatal-error.d.ts",
    "dist/processors/sdk/processor.d.ts",
    "dist/processors/sdk/retry-after.d.ts",
    "dist/processors/sdk/test-context.d.ts",
    "dist/processors/testing/command-for-test.d.ts",
  ]);
});

test("it exports what a processor's file and its test need, and nothing else", async () => {
  const script = `
    const names = async (path) => Object.keys(await import("innovation-ecosystem-platform/" + path));
    console.log(JSON.stringify([await names("processors"), await names("processors/testing")]));`;
  const said = await run(process.execPath, ["--input-type=module", "--eval", script], project);
  expect(JSON.parse(said)).toEqual([
    ["FatalError", "InputError", "RetryAfter", "defineProcessor"],
    ["commandForTest", "runForTest", "testContext"],
  ]);
});

test("its types resolve wherever ESM is imported", async () => {
  // ESM only: on Node 20.19 and later `require` loads ESM too, and resolution by the rules of Node 10 knows no `exports`.
  const said = await run(join(TOOLS, "attw"), [tarball, "--profile", "esm-only", "--no-emoji"], project);
  expect(said.match(/^(node16 \(from ESM\)|bundler): OK \((ESM|JSON)\)|^bundler: OK/gm)).toHaveLength(6);
});

test("a project with the flags of `tsc --init`, and none of Node's types, type-checks against it", async () => {
  await run(join(TOOLS, "tsc"), ["--init"], project);
  const check = ["--noEmit", "--skipLibCheck", "false"];
  const said = await run(join(TOOLS, "tsc"), check, project).catch((error: Error) => error.message);
  expect(said).toContain("wrong.ts(8,39): error TS2339");
  expect(said.match(/error TS/g)).toHaveLength(1);
});

test("the project's own processors are tested, run and charged, from `iep migrate up` on", async () => {
  const start: typeof startIep = (args, options) =>
    startProcess(join(project, "node_modules/.bin/iep"), args, { ...options, cwd: project });
  expect(JSON.parse(await run(process.execPath, ["--import", "tsx", "try-shout.ts"], project))).toEqual({
    output: { text: "ABC!" },
    cost_cents: 2,
  });

  const redis = redisNamespace();
  const environment = {
    DATABASE_URL: (await createEmptyDatabase()).url,
    REDIS_URL: redis.url,
    QUEUE_KEY_PREFIX: redis.prefix,
  };
  expect((await start(["migrate", "up"], { env: environment }).exited).code).toBe(0);
  const { request } = await startApi(environment, start);
  const runner = await startRunner(environment, start);
  const customer_id = await postCustomer(request, "Somebody", 100);
  const submit = async (processing_logic_id: string, input_data: unknown): Promise<Job> => {
    const job_type_id = await postJobType(request, { processing_logic_id, standard_cost_cents: 10 });
    const { body } = await request<Job>("POST", "/jobs", { customer_id, job_type_id, input_data });
    return await jobEnded(request, body.id);
  };

  expect(await submit("text.shout", { text: "one fish" })).toMatchObject({
    status: "succeeded",
    output_data: { text: "ONE FISH!" },
    cost_cents: 8,
  });
  expect(await submit("text.shout", { text: "" })).toMatchObject({
    status: "failed",
    error: { code: "empty_text" },
  });
  expect(await submit("count.up", { to: 10 })).toMatchObject({
    status: "succeeded",
    output_data: { sum: 55 },
  });
  expect((await request("GET", `/customers/${customer_id}/wallet`)).body).toMatchObject({
    current_balance_cents: 100 - 8 - 10,
    pending_charges_cents: 0,
  });
  await expectCleanAudit(environment, start);
  runner.signal("SIGTERM");
  expect(await runner.exited).toEqual({ code: 0, signal: null });
});

function installed(): string {
  return join(project, "node_modules/innovation-ecosystem-platform");
}

/** Returns what the program wrote to stdout; throws with all that it wrote when it fails. */
async function run(program: string, args: readonly string[], cwd: string): Promise<string> {
  try {
    return (await promisify(execFile)(program, args, { cwd })).stdout;
  } catch (error) {
    // As `execFile` rejects.
    const { stdout, stderr } = error as { readonly stdout: string; readonly stderr: string };
    throw new Error(`${program} ${args.join(" ")}\n${stdout}\n${stderr}`, { cause: error });
  }
}
