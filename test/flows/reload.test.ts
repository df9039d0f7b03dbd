import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { directoryWith } from "../support/directory-with.ts";
import { httpClient } from "../support/http-client.ts";
import { startIep } from "../support/processes.ts";
import { jobEnded, postJobType } from "../support/stack.ts";
import { dataFolder, temporaryFolder } from "../support/temporary-folder.ts";
import { waitFor } from "../support/wait-for.ts";

const IMPORTS = `import { defineProcessor } from "innovation-ecosystem-platform/processors";
import { existsSync } from "node:fs";
import { z } from "zod";
`;

test("npm start: a saved processor is used by the next attempt, a broken one changes nothing, a new one is served", async () => {
  const gate = join(await temporaryFolder(), "gate");
  const processors = await directoryWith({
    "hello.ts": `${IMPORTS}export default defineProcessor({ id: "hello", async run() {
      while (!existsSync(${JSON.stringify(gate)})) await new Promise((resolve) => setTimeout(resolve, 20));
      return "old";
    } });`,
  });
  const env = { PORT: "0", PROCESSORS_DIR: processors };
  const dev = startIep(["dev"], { cwd: await dataFolder(), env });
  await dev.waitForLine(/^Ready in/);
  const printed = async (label: string): Promise<string> =>
    (await dev.waitForLine(new RegExp(`^ +${label} +(\\S+)$`)))[1] ?? "";
  const admin = httpClient(await printed("API"), await printed("Admin key"));
  const customer_id = await printed("Demo customer");
  const submit = async (job_type_id: string, input_data: unknown = {}) =>
    await admin<{ id: string; code?: string }>("POST", "/jobs", { customer_id, job_type_id, input_data });
  const save = async (name: string, text: string, said: RegExp): Promise<void> => {
    await writeFile(join(processors, name), text);
    await dev.waitForLine(said);
  };

  const hello = await postJobType(admin, { processing_logic_id: "hello", standard_cost_cents: 1 });
  const { id: running } = (await submit(hello)).body;
  await waitFor(
    async () => (await admin<{ status: string }>("GET", `/jobs/${running}`)).body.status === "running",
  );
  await save(
    "hello.ts",
    `${IMPORTS}export default defineProcessor({ id: "hello", input: z.object({ n: z.int() }), run: () => "new" });`,
    /reloaded, because these were saved: .*hello\.ts/,
  );
  // The API knows the new schema, too, once it reads the job type again.
  await waitFor(async () => (await submit(hello, { n: "x" })).body.code === "input_invalid");
  const { id: next } = (await submit(hello, { n: 1 })).body;
  expect(await jobEnded(admin, next)).toMatchObject({ status: "succeeded", output_data: "new" });
  await writeFile(gate, "");
  expect(await jobEnded(admin, running)).toMatchObject({ status: "succeeded", output_data: "old" });

  await save("hello.ts", `${IMPORTS}export default nothing(;`, /hello\.ts:4:\d+: ERROR/);
  expect(await jobEnded(admin, (await submit(hello, { n: 1 })).body.id)).toMatchObject({
    output_data: "new",
  });

  const late = await postJobType(admin, { processing_logic_id: "late", standard_cost_cents: 1 });
  const { id: waiting } = (await submit(late)).body;
  expect((await admin("GET", `/jobs/${waiting}`)).body).toMatchObject({ status: "pending" });
  await writeFile(
    join(processors, "late.mjs"),
    `${IMPORTS}export default defineProcessor({ id: "late", run: () => "served" });`,
  );
  expect(await jobEnded(admin, waiting)).toMatchObject({ status: "succeeded", output_data: "served" });
  dev.signal("SIGINT");
  expect(await dev.exited).toEqual({ code: 0, signal: null });
});
