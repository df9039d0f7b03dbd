import { pathToFileURL } from "node:url";
import { expect, test } from "vitest";
import { directoryWith } from "../../../test/support/directory-with.ts";
import { isAlive } from "../../local/process-table.ts";
import { waitFor } from "../../../test/support/wait-for.ts";
import { commandForTest, runForTest, testContext } from "./command-for-test.ts";

const SETTINGS = {
  id: "test.command",
  command: ["./run.sh"],
  input_schema: { type: "object", required: ["n"], properties: { n: { type: "integer" } } },
};

async function folderWith(script: string, settings: object = SETTINGS): Promise<string> {
  return await directoryWith({
    "run.sh": `#!/bin/sh\n${script}\n`,
    "processor.json": JSON.stringify(settings),
  });
}

test("the command of a folder is run as a runner would, by path and by URL", async () => {
  const folder = await folderWith(`echo '{"cost":7}'; printf '{"output":%s}' "$(cat)"`);
  const context = testContext({ job: { estimated_cost_cents: 9 }, remaining_ms: 1_234 });
  const command = await commandForTest(pathToFileURL(`${folder}/`));
  expect(await runForTest(command, { n: 5 }, context)).toMatchObject({
    input: { n: 5 },
    remaining_ms: 1_234,
    idempotency_key: context.idempotencyKey,
  });
  expect(context.recorded.cost_cents).toBe(7);
  expect(await runForTest(await commandForTest(folder), { n: 5 })).toMatchObject({ input: { n: 5 } });
});

test("what its input_schema refuses never reaches the command", async () => {
  const command = await commandForTest(await folderWith(`echo '{"output":"it ran"}'`));
  await expect(runForTest(command, { n: "five" })).rejects.toMatchObject({
    name: "InputError",
    code: "input_invalid",
    errors: [{ pointer: "/n", message: expect.any(String) }],
  });
  await expect(runForTest(command, null)).rejects.toMatchObject({ code: "input_invalid" });
});

test("an abort ends its processes", async () => {
  const command = await commandForTest(
    await folderWith(`echo "{\\"progress\\":0,\\"message\\":\\"$$\\"}"; sleep 600`),
  );
  const stop = new AbortController();
  const context = testContext({ signal: stop.signal });
  const attempt = runForTest(command, { n: 1 }, context);
  await waitFor(() => context.recorded.progress.length > 0);
  const reason = new Error("enough");
  stop.abort(reason);
  await expect(attempt).rejects.toBe(reason);
  const pid = Number(context.recorded.progress[0]?.message);
  await waitFor(() => !isAlive(pid), { describe: `process ${pid} to end` });
});

test("a folder that is none, and a faulty processor.json, are named", async () => {
  await expect(commandForTest("/no/such/folder")).rejects.toThrow(
    "/no/such/folder is no folder: name the one that has the processor.json",
  );
  const folder = await folderWith("exit 0", { id: "x", command: [] });
  await expect(commandForTest(folder)).rejects.toThrow(`${folder}/processor.json: \`command`);
});
