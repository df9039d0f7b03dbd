import { v7 as uuidv7 } from "uuid";
import { beforeAll, expect, test } from "vitest";
import { createTestCli } from "../../../../test/support/test-cli.ts";

let cli: Awaited<ReturnType<typeof createTestCli>>;

beforeAll(async () => {
  cli = await createTestCli();
});

const create = (name: string, ...more: string[]): string[] => {
  return [
    "job-types",
    "create",
    "--name",
    name,
    "--processing-logic-id",
    "echo",
    "--cost-cents",
    "5",
    ...more,
  ];
};

test("job types are made with defaults, shown and listed", async () => {
  const made = (await cli.json(...create("Plain"))) as { id: string };
  expect(made).toMatchObject({
    name: "Plain",
    processing_logic_id: "echo",
    standard_cost_cents: 5,
    enabled: true,
    max_attempts: 3,
    timeout_seconds: 300,
    input_schema: null,
  });
  expect(await cli.json("job-types", "show", made.id)).toEqual(made);
  expect(await cli.json("job-types", "list", "--limit", "1")).toEqual([made]);
  const { stdout } = await cli.run("job-types", "list");
  expect(stdout).toMatch(new RegExp(`^${made.id}  Plain  echo +0\\.05 EUR  yes +no +3 +300 s$`, "m"));
});

test("an update changes only what it names; null takes the schema away", async () => {
  const schema = '{"type":"object"}';
  const { id } = (await cli.json(...create("Changing", "--disabled", "--input-schema", schema))) as {
    id: string;
  };
  const update = ["job-types", "update", id];
  const before = {
    name: "Changing",
    enabled: false,
    standard_cost_cents: 5,
    input_schema: { type: "object" },
  };
  expect(await cli.json("job-types", "show", id)).toMatchObject(before);
  expect(await cli.json(...update, "--cost-cents", "700")).toMatchObject({
    ...before,
    standard_cost_cents: 700,
  });
  expect(await cli.json(...update, "--enable", "--max-attempts", "7")).toMatchObject({
    ...before,
    standard_cost_cents: 700,
    enabled: true,
    max_attempts: 7,
  });
  expect(await cli.json(...update, "--input-schema", "null")).toMatchObject({
    enabled: true,
    input_schema: null,
  });
  expect(await cli.json(...update, "--disable")).toMatchObject({ enabled: false });
  expect((await cli.run(...update)).exitCode).toBe(2);
  expect((await cli.run(...update, "--enable", "--disable")).exitCode).toBe(2);
});

test("a job type has a limit of running jobs, which the list shows where one is set", async () => {
  const made = (await cli.json(...create("Limited", "--running-limit", "4"))) as { id: string };
  expect(made).toMatchObject({ running_limit: 4 });
  expect((await cli.run("job-types", "show", made.id)).stdout).toMatch(/^running limit +4$/m);
  const list = async () => (await cli.run("job-types", "list")).stdout;
  expect(await list()).toMatch(/TIMEOUT +RUNNING LIMIT\n.*Limited .* 300 s +4$/m);
  expect(await list()).toMatch(/Changing .* none$/m);
  const update = ["job-types", "update", "Limited"];
  expect(await cli.json(...update, "--max-attempts", "2")).toMatchObject({ running_limit: 4 });
  expect(await cli.json(...update, "--running-limit", "none")).toMatchObject({ running_limit: null });
  expect(await list()).not.toContain("LIMIT");
  expect((await cli.run("job-types", "show", made.id)).stdout).toMatch(/^running limit +none$/m);
  expect((await cli.run(...update, "--running-limit", "0")).stderr).toContain(
    "--running-limit must be none or a whole number from 1 to 1000000",
  );
});

test("a job type is paused and resumed", async () => {
  const made = (await cli.json(...create("Pausing"))) as { id: string };
  expect(made).toMatchObject({ paused_at: null });
  expect(await cli.json("job-types", "pause", made.id)).toEqual({ ...made, paused_at: expect.any(String) });
  expect((await cli.run("job-types", "list")).stdout).toMatch(/^\S+  Pausing +echo +0\.05 EUR  yes +yes /m);
  expect((await cli.run("job-types", "show", made.id)).stdout).toMatch(/^paused since +\S+Z$/m);
  expect(await cli.json("job-types", "resume", made.id)).toEqual(made);
});

test("a name in use is exit 1", async () => {
  await cli.json(...create("Taken"));
  const { exitCode, stderr } = await cli.run(...create("Taken"));
  expect(exitCode).toBe(1);
  expect(stderr).toContain('"Taken" exists already');
});

test("a job type that is not there is exit 1", async () => {
  const id = uuidv7();
  for (const argv of [
    ["job-types", "show", id],
    ["job-types", "update", id, "--enable"],
    ["job-types", "pause", id],
    ["job-types", "resume", id],
  ])
    expect(await cli.run(...argv)).toMatchObject({
      exitCode: 1,
      stderr: `error: There is no job type ${id}.\n`,
    });
});

test.each([
  ['{"type":"nonsense"}', "is not a JSON Schema"],
  ["[]", "must be a JSON Schema object"],
  ['{"const":"\\u0000"}', "cannot be stored: /const has the character U+0000"],
  ["{", "is not valid JSON"],
])("the input schema %s is wrong usage", async (schema, says) => {
  const { exitCode, stderr } = await cli.run(...create("Wrong", "--input-schema", schema));
  expect(exitCode).toBe(2);
  expect(stderr).toContain(`--input-schema ${says}`);
});
