import { expect, test } from "vitest";
import { createTestCli } from "../../../../test/support/test-cli.ts";
import { createRunner } from "../../../../test/support/test-platform.ts";

test("living runners are listed", async () => {
  const cli = await createTestCli();
  expect(await cli.run("runners")).toEqual({
    exitCode: 0,
    stdout: "",
    stderr: "No runner is alive. Start one: iep runner\n",
  });
  expect(await cli.json("runners")).toEqual([]);
  const id = await createRunner(cli.platform);
  expect(await cli.json("runners")).toEqual(await cli.platform.runners.list());
  expect((await cli.run("runners")).stdout).toMatch(
    new RegExp(`^${id}  test  test +1 +0  \\S+Z  \\S+Z$`, "m"),
  );
});

test("a runner is drained, and takes jobs again", async () => {
  const cli = await createTestCli();
  const id = await createRunner(cli.platform);
  const drained = await cli.run("runners", "drain", id, "--exit");
  expect(drained.stdout).toMatch(new RegExp(`^${id} drains since \\S+Z, then ends\n$`));
  expect((await cli.run("runners")).stdout).toMatch(/DRAINING SINCE\n.*Z, then ends$/m);
  const doctor = await cli.run("doctor");
  expect(doctor.stdout).toMatch(/^runners +warn +all 1 drain +start another one/m);
  expect((await cli.run("runners", "resume", id)).stdout).toBe(`${id} takes jobs\n`);
  expect(await cli.json("runners")).toMatchObject([{ id, draining_at: null, exits_when_drained: false }]);
  const none = await cli.run("runners", "drain", "019ab1ef-f7d0-7c3e-a6a5-91d2c7b4e8f3");
  expect([none.exitCode, none.stderr]).toEqual([1, expect.stringContaining("There is no living runner")]);
});
