import { beforeAll, describe, expect, test } from "vitest";
import { directoryWith } from "../../../../test/support/directory-with.ts";
import { localProcessorsOf } from "../../../../test/support/local-processors.ts";
import { startIep } from "../../../../test/support/processes.ts";
import { createTestCli } from "../../../../test/support/test-cli.ts";

const IMPORTS = `import { defineProcessor, FatalError, RetryAfter } from "innovation-ecosystem-platform/processors";
import { z } from "zod";`;

const FILES = {
  "shout.ts": `${IMPORTS}
    export default defineProcessor({
      id: "text.shout",
      description: "Shouts",
      input: z.strictObject({ text: z.string(), key: z.string().optional().meta({ writeOnly: true }) }),
      async run({ text, key }, ctx) {
        ctx.log.info({ key }, "read the text");
        ctx.log.debug({}, "a detail");
        ctx.progress(0.5, "half way");
        console.log("a line of its own");
        if (text === "gone") throw new FatalError("It is gone.", { code: "text_gone" });
        if (text === "busy") throw new RetryAfter("It is busy.", { delay_ms: 30_000 });
        if (text === "fails") throw new Error("It fails.");
        if (text === "late") await new Promise((resolve) => ctx.signal.addEventListener("abort", resolve));
        if (text === "crash") { setTimeout(() => { throw new Error("left behind"); }); await new Promise(() => {}); }
        ctx.cost(3);
        return { text: text.toUpperCase(), attempt: ctx.attempt, remaining: ctx.remaining_ms <= 5_000 };
      },
    });`,
  "tool/processor.json": JSON.stringify({
    id: "tool",
    command: ["sh", "-c", `echo '{"log":"from the tool"}'; echo '{"output":7}'`],
    input_schema: { type: "object", required: ["n"] },
  }),
  "broken.ts": "export default {",
};

let directory: string;
let cli: Awaited<ReturnType<typeof createTestCli>>;

beforeAll(async () => {
  directory = await directoryWith(FILES);
  cli = await createTestCli({ localProcessors: localProcessorsOf(directory) });
});

describe("processors list", () => {
  test("shows what a runner would load, and names what it would leave out, with exit code 1", async () => {
    const { exitCode, stdout, stderr } = await cli.run("processors", "list");
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(/^ID +RUNS IN +SCHEMA +FILE/);
    expect(stdout).toMatch(/^echo +beside others +- +ships/m);
    expect(stdout).toMatch(/^tool +command +yes +.*\/tool\/processor\.json/m);
    expect(stdout).toMatch(/^text\.shout +beside others +yes +.*\/shout\.ts +Shouts$/m);
    expect(stderr).toMatch(/^left out: .*\/broken\.ts: cannot be imported: .*broken\.ts:1:16/);
  });

  test("as JSON has the schemas and the faults", async () => {
    const { exitCode, stdout } = await cli.run("processors", "list", "--json");
    expect(exitCode).toBe(1);
    const known = JSON.parse(stdout) as { processors: { id: string }[] }; // As `list` prints it.
    expect(known).toMatchObject({ directory, faults: [{ file: `${directory}/broken.ts` }] });
    expect(known.processors.find(({ id }) => id === "tool")).toMatchObject({
      place: "command",
      input_schema: { required: ["n"] },
    });
  });
});

describe("processors run", () => {
  const run = (text: string, ...options: string[]) =>
    cli.run("processors", "run", "text.shout", "--input", JSON.stringify({ text }), ...options);

  test("prints the output on stdout, and on stderr what the attempt tells and costs", async () => {
    const { exitCode, stdout, stderr } = await run("abc", "--timeout-seconds", "5", "--attempt", "2");
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toEqual({ text: "ABC", attempt: 2, remaining: true });
    expect(stderr).toMatch(/^info  read the text\ndebug a detail\n50 % half way\n/);
    expect(stderr).toMatch(/succeeded in \d\.\d\d s; of a quote of 100 cents it costs 3\n$/);
  });

  test("as JSON prints one document", async () => {
    const { exitCode, stdout, stderr } = await run("abc", "--json", "--cost-cents", "2");
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
    expect(JSON.parse(stdout)).toEqual({
      processor: "text.shout",
      outcome: "succeeded",
      run_ms: expect.any(Number),
      output: { text: "ABC", attempt: 1, remaining: false },
      // More than the quote counts as the quote, and the log says so.
      cost_cents: 2,
      progress: { fraction: 0.5, message: "half way" },
      logs: expect.arrayContaining([
        { level: "warn", message: expect.stringContaining("above the quote") },
      ]) as unknown,
    });
  });

  test.each([
    ["gone", 4, "text_gone: It is gone.", /no other attempt follows/],
    ["busy", 75, "attempt_failed: It is busy.", /another attempt would follow in 30\.0 s/],
    ["fails", 75, "attempt_failed: It fails.", /another attempt would follow in [01]\.\d s/],
    ["late", 75, "timed_out: The attempt took longer than 1 s.", /another attempt would follow/],
  ])("an attempt that is %s ends with exit code %d and its error", async (text, code, error, next) => {
    const { exitCode, stdout, stderr } = await run(text, "--timeout-seconds", "1");
    expect({ exitCode, stdout }).toEqual({ exitCode: code, stdout: "" });
    expect(stderr).toContain(error);
    expect(stderr).toMatch(next);
  });

  test("the last attempt fails for good", async () => {
    expect((await run("fails", "--attempt", "3")).exitCode).toBe(4);
    expect((await run("fails", "--max-attempts", "1")).exitCode).toBe(4);
  });

  test("the input is checked as at a submission, for code and for commands", async () => {
    for (const id of ["text.shout", "tool"]) {
      const { exitCode, stderr } = await cli.run("processors", "run", id, "--input", '{"other":1}');
      expect(exitCode).toBe(4);
      expect(stderr).toContain("input_invalid");
      expect(stderr).not.toContain("from the tool");
    }
    expect((await cli.run("processors", "run", "tool", "--input", '{"n":1}')).stdout).toBe("7\n");
  });

  test("what the schema marks as secret is hidden from the log", async () => {
    const input = JSON.stringify({ text: "abc", key: "hunter2hunter2" });
    const { logs } = (await cli.json("processors", "run", "text.shout", "--input", input)) as {
      logs: { message: string }[]; // As `run` prints it.
    };
    expect(logs[0]?.message).toBe('read the text {"key":"[redacted]"}');
  });

  test("one that does not exist is named, with those that do and those that were left out", async () => {
    const { exitCode, stderr } = await cli.run("processors", "run", "text.whisper");
    expect(exitCode).toBe(1);
    expect(stderr).toContain('there is no processor "text.whisper"');
    expect(stderr).toContain("text.shout, text.statistics, tool");
    expect(stderr).toMatch(/left out: .*broken\.ts/);
  });

  test("Ctrl-C stops it", async () => {
    const keys = new AbortController();
    const local = localProcessorsOf(directory);
    const stopped = await createTestCli({
      interruption: () => keys.signal,
      localProcessors: {
        ...local,
        async open() {
          const opened = await local.open();
          const told = (listener: Parameters<typeof opened.run>[1]) => ({
            ...listener,
            progress: () => keys.abort(),
          });
          return { ...opened, run: (trial, listener, signal) => opened.run(trial, told(listener), signal) };
        },
      },
    });
    const input = '{"text":"late"}';
    const { exitCode, stderr } = await stopped.run("processors", "run", "text.shout", "--input", input);
    expect(exitCode).toBe(130);
    expect(stderr).toMatch(/stopped after/);
  });

  test("stdout has the output alone, and what the attempt leaves behind fails it, in a process of its own", async () => {
    const env = { PROCESSORS_DIR: directory };
    const start = (text: string) =>
      startIep(["processors", "run", "text.shout", "--input", JSON.stringify({ text })], { env });
    const [good, crashed, failed] = [start("abc"), start("crash"), start("fails")];
    expect((await good.exited).code).toBe(0);
    expect(JSON.parse(good.stdout.join("\n"))).toMatchObject({ text: "ABC" });
    expect(good.stderr).toContain("a line of its own");
    expect((await crashed.exited).code).toBe(75);
    expect(crashed.stderr.join("\n")).toContain("processor_crashed: The processor crashed: left behind");
    expect(crashed.stdout).toEqual([]);
    expect((await failed.exited).code).toBe(75);
    expect(failed.stderr.join("\n")).toMatch(/^ +at .*shout\.ts:14:\d+\)$/m);
  });

  test("stdout is the output's also where the attempt has a thread of its own", async () => {
    const code = `run() { for (const n of [1, 2, 3]) console.log("a line of its own", n); console.error("aside"); return 1; }`;
    const text = `${IMPORTS}\nexport default defineProcessor({ id: "apart", thread: true, ${code} });`;
    const env = { PROCESSORS_DIR: await directoryWith({ "apart.ts": text }) };
    const trial = startIep(["processors", "run", "apart"], { env });
    expect((await trial.exited).code).toBe(0);
    expect(trial.stdout).toEqual(["1"]);
    for (const line of ["a line of its own 1", "a line of its own 2", "a line of its own 3", "aside"])
      expect(trial.stderr).toContain(line);
  });
});
