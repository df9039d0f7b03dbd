import { expect, test } from "vitest";
import { createTestCli } from "../../../../test/support/test-cli.ts";
import { brokenPromises, createCustomer, createJobType } from "../../../../test/support/test-platform.ts";
import { upkeepTask } from "../../../../test/support/upkeep.ts";
import type { BulkAction } from "../../../core/model/bulk-action.ts";
import { submitJob } from "../../../core/use-cases/submit-jobs.ts";

type Cli = Awaited<ReturnType<typeof createTestCli>>;

async function createCancelled({ platform }: Cli): Promise<string> {
  const job = { customer_id: await createCustomer(platform), job_type_id: await createJobType(platform) };
  const { id } = await submitJob(platform, { ...job, input_data: null });
  await platform.jobs.cancel(id);
  return id;
}

// What `--json` prints of a bulk action.
const create = async (cli: Cli, ...argv: string[]) => (await cli.json("bulk", ...argv)) as BulkAction;

test("a bulk action is previewed, done, shown, listed and stopped", async () => {
  const cli = await createTestCli();
  expect((await cli.run("bulk", "list")).stderr).toBe("No bulk actions found.\n");
  const id = await createCancelled(cli);
  const preview = await cli.run("bulk", "retry", "--ids", id, "--dry-run");
  expect(preview.stdout).toMatch(/^expected +1 jobs, holds 0\.10 EUR$/m);
  const { id: action } = await create(cli, "retry", "--ids", id, "--yes");
  while (await upkeepTask(cli.platform, "bulk actions").runOnce());
  const shown = await cli.run("bulk", "show", action);
  expect(shown.stdout).toMatch(/^done +1 jobs, holds 0\.10 EUR, of 1 looked at$/m);
  expect((await cli.run("bulk", "list")).stdout).toMatch(new RegExp(`^${action}  retry +done +1 +1 +0`, "m"));

  const cancel = await create(cli, "cancel", "--priority", "high", "--since", "1h", "--yes");
  expect(await create(cli, "stop", cancel.id)).toMatchObject({ status: "stopped", jobs: 0 });
  expect(await brokenPromises(cli.platform)).toEqual([]);
});

test("without --yes it asks, and does nothing where nobody can answer", async () => {
  const answers = [false, true];
  const asked: string[] = [];
  const cli = await createTestCli({
    confirm(question) {
      asked.push(question);
      return Promise.resolve(answers.shift() ?? false);
    },
  });
  const id = await createCancelled(cli);
  const statuses = async () =>
    (await cli.platform.bulkActions.list(undefined, { limit: 10 })).map(({ status }) => status);
  await cli.run("bulk", "retry", "--ids", id);
  expect(await statuses()).toEqual(["preview"]);
  await cli.run("bulk", "retry", "--ids", id);
  expect(await statuses()).toEqual(["running", "preview", "preview"]);
  expect(asked).toEqual(["retry 1 jobs?", "retry 1 jobs?"]);
  expect(await cli.run("bulk", "retry", "--ids", id, "--json")).toMatchObject({
    exitCode: 2,
    stderr: expect.stringContaining("add --yes"),
  });
});

test.each([
  [["retry"], "name at least one option that selects jobs"],
  [["retry", "--ids", "x"], "must be"],
  [["cancel", "--status", "failed"], "must be one of pending, running"],
  [["show", "x"], "must be a UUID"],
])("iep bulk %j is refused", async (argv, message) => {
  const { exitCode, stderr } = await (await createTestCli()).run("bulk", ...argv);
  expect({ exitCode, stderr }).toEqual({ exitCode: 2, stderr: expect.stringContaining(message) });
});

test("an unknown bulk action is not found", async () => {
  const { exitCode, stderr } = await (
    await createTestCli()
  ).run("bulk", "stop", "019ab1f0-5b0e-7c1f-8a3d-6f1f7e0c2d11");
  expect([exitCode, stderr]).toEqual([1, expect.stringContaining("There is no bulk action")]);
});
