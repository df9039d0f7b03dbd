import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, test } from "vitest";
import { createTestDatabase } from "../support/database.ts";
import { startIep, startProcess } from "../support/processes.ts";
import { jobEnded, postCustomer, postJobType, startApi, startRunner, submitAll } from "../support/stack.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

// The temporary folder of a machine is open to all its users. Only a checkout compiles its sources, with tsx, which
// keeps the result there.
const iepOfCheckout: typeof startIep = (args, options) => startIep(args, { ...options, from: "checkout" });

const compiled = (folder: string): Promise<string[]> =>
  readdir(folder).then((names) => names.filter((name) => name.startsWith("tsx-")));

test("what another user put into the folder of compiled sources does not run", async () => {
  const TMPDIR = await temporaryFolder();
  const mark = join(TMPDIR, "mark");
  const runByTsx = async () => {
    const child = startProcess(process.execPath, ["--import", "tsx", "src/bin/iep.ts", "--version"], {
      env: { TMPDIR },
    });
    expect((await child.exited).code).toBe(0);
  };
  await runByTsx();
  const [cache = ""] = await compiled(TMPDIR);
  for (const name of await readdir(join(TMPDIR, cache))) {
    const file = join(TMPDIR, cache, name);
    const entry = JSON.parse(await readFile(file, "utf8")) as { code: string };
    const planted = `import { writeFileSync as plant } from "node:fs"; plant(${JSON.stringify(mark)}, "");`;
    await writeFile(file, JSON.stringify({ ...entry, code: `${planted}\n${entry.code}` }));
  }
  await runByTsx();
  // Planted as it should be: without our precaution it runs.
  expect(await readdir(TMPDIR)).toContain("mark");
  await rm(mark);

  const iep = iepOfCheckout(["--version"], { env: { TMPDIR } });
  expect((await iep.exited).code).toBe(0);
  expect(await readdir(TMPDIR)).not.toContain("mark");
});

test("a temporary folder in which nobody can write is no obstacle", async () => {
  const iep = iepOfCheckout(["--version"], { env: { TMPDIR: "/proc" } });
  expect((await iep.exited).code).toBe(0);
  expect(iep.stdout).toEqual([expect.stringMatching(/^\d+\.\d+\.\d+/)]);
});

test("api, runner and a processor in TypeScript, also in a thread, compile into no folder", async () => {
  const TMPDIR = await temporaryFolder();
  const PROCESSORS_DIR = join(TMPDIR, "processors");
  await mkdir(PROCESSORS_DIR);
  const sdk = pathToFileURL("src/processors/sdk/define-processor.ts").href;
  for (const thread of [false, true]) {
    await writeFile(
      join(PROCESSORS_DIR, `greet-${thread}.ts`),
      `import { defineProcessor } from ${JSON.stringify(sdk)};
       const greeting: string = "hello";
       export default defineProcessor({ id: "greet-${thread}", thread: ${thread}, run: () => greeting });`,
    );
  }
  const environment = { DATABASE_URL: (await createTestDatabase()).url, TMPDIR, PROCESSORS_DIR };
  const { request } = await startApi(environment, iepOfCheckout);
  await startRunner(environment, iepOfCheckout);
  const customer_id = await postCustomer(request, "Greeted", 100);
  for (const thread of [false, true]) {
    const job_type_id = await postJobType(request, {
      processing_logic_id: `greet-${thread}`,
      standard_cost_cents: 1,
    });
    const [id = ""] = await submitAll(request, [{ customer_id, job_type_id, input_data: null }]);
    expect(await jobEnded(request, id)).toMatchObject({ status: "succeeded", output_data: "hello" });
  }
  expect(await compiled(TMPDIR)).toEqual([]);
});
