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
  expect((await cli.run("runners")).stdout).toMatch(new RegExp(`^${id}  test  test +1  \\S+Z  \\S+Z$`, "m"));
});
