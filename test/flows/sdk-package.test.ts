import { execFile } from "node:child_process";
import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { beforeAll, expect, test } from "vitest";
import { createTestCli } from "../support/test-cli.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

// The SDK as a customer has it: packed, installed into a project outside this checkout, and used from there.

const REPOSITORY = fileURLToPath(new URL("../..", import.meta.url));
const TOOLS = join(REPOSITORY, "node_modules/.bin");

const USE = `
import { createClient } from "innovation-ecosystem-platform-sdk";
import type { JobTypes } from "./job-types.js";

const iep = createClient<JobTypes>({ baseUrl: "https://jobs.example.com" });
const { output_data, cost_cents } = await iep.jobs.run("Text", { text: "One." });
const words: number = output_data.words;
const cents: number = cost_cents;
await iep.jobs.batch([{ type: "Text", input: { text: "a" }, priority: 0 }, { type: "Any", input: 7 }]);
for await (const { status } of iep.jobs.list({ type: "Any" })) console.log(status, words, cents);
`;
const WRONG = `
import { createClient } from "innovation-ecosystem-platform-sdk";
import type { JobTypes } from "./job-types.js";

const iep = createClient<JobTypes>({ baseUrl: "https://jobs.example.com" });
await iep.jobs.run("Txet", { text: "One." });
await iep.jobs.run("Text", { txet: "One." });
(await iep.jobs.run("Text", { text: "One." })).output_data.wrods;
await iep.jobs.batch([{ type: "Text", input: 7 }]);
await iep.call("GET /jobs/{id}", { path: {} });
`;

let tarball: string;
let project: string;

beforeAll(async () => {
  const packed = await temporaryFolder();
  await run("npm", ["pack", "--silent", "--workspace", "sdk", "--pack-destination", packed], REPOSITORY);
  tarball = join(packed, (await readdir(packed))[0] ?? "");
  project = await temporaryFolder();
  await writeFile(
    join(project, "package.json"),
    JSON.stringify({ name: "a-customers", private: true, type: "module" }),
  );
  const quick = ["--engine-strict", "--ignore-scripts", "--offline", "--no-audit", "--no-fund"];
  // `--prefix`, because `npm test` tells every npm below it that the project is this checkout.
  await run("npm", ["install", ...quick, "--prefix", project, tarball], project);
});

test("it holds its code and its types, and nothing else comes with it", async () => {
  const files = await readdir(join(project, "node_modules/innovation-ecosystem-platform-sdk"));
  expect(files.toSorted()).toEqual(["README.md", "dist", "package.json"]);
  const names = await readdir(join(project, "node_modules"));
  expect(names.filter((name) => !name.startsWith("."))).toEqual(["innovation-ecosystem-platform-sdk"]);
});

test("its types resolve wherever ESM is imported", async () => {
  // Left to itself, it draws a table where it takes that to fit, and colours count as width.
  const form = ["--format", "ascii", "--no-emoji", "--no-color"];
  const said = await run(join(TOOLS, "attw"), [tarball, "--profile", "esm-only", ...form], project);
  expect(said.match(/^(node16 \(from ESM\)|bundler): OK/gm)).toHaveLength(4);
});

test("plain Node imports it", async () => {
  const script = `
    const { createClient, webhooks } = await import("innovation-ecosystem-platform-sdk");
    const iep = createClient({ baseUrl: "http://127.0.0.1:1", apiKey: "iep_key", retries: 0 });
    const error = await iep.jobs.get("x").catch((error) => error);
    console.log(error.name, typeof webhooks.verify);`;
  const said = await run(process.execPath, ["--input-type=module", "--eval", script], project);
  expect(said).toBe("ConnectionError function\n");
});

test("the types that `iep job-types types` writes check names, inputs and outputs, also with hostile names", async () => {
  const output = { type: "object", properties: { words: { type: "integer" } }, required: ["words"] };
  const cli = await createTestCli({
    outputSchemas: () =>
      Promise.resolve(new Map([["text.statistics", { ...output, additionalProperties: false }]])),
  });
  const create = async (name: string, processor: string, input_schema: object) =>
    await cli.json("job-types", "create", ...fields(name, processor), JSON.stringify(input_schema));
  const text = { type: "string", description: "*/ }; declare const owned: 1; /*" };
  await create("Text", "text.statistics", {
    properties: { text },
    required: ["text"],
    additionalProperties: false,
  });
  await create("Any", "echo", {});
  await create('"]: 1; } declare const owned: 1; interface X { "', "echo", {
    properties: { '"; } declare const owned: 1; //': { enum: ["`${1}", '"'] }, ["__proto__"]: {} },
  });
  await writeFile(join(project, "job-types.d.ts"), (await cli.run("job-types", "types")).stdout);
  await writeFile(join(project, "use.ts"), USE);
  await writeFile(join(project, "wrong.ts"), WRONG);
  const flags = ["--noEmit", "--strict", "--target", "es2022", "--module", "nodenext", "--types", ""];
  const lib = ["--lib", "es2023,dom,dom.iterable,dom.asynciterable"];
  const check = async (file: string) =>
    await run(join(TOOLS, "tsc"), [...flags, ...lib, file, "job-types.d.ts"], project).catch(
      (error: Error) => error.message,
    );
  expect(await check("use.ts")).toBe("");
  const said = await check("wrong.ts");
  const lines = [...said.matchAll(/wrong\.ts\((\d+),/g)].map(([, line]) => Number(line));
  expect([...new Set(lines)]).toEqual([6, 7, 8, 9, 10]);
});

function fields(name: string, processor: string): string[] {
  const named = ["--name", name, "--processing-logic-id", processor];
  return [...named, "--cost-cents", "1", "--input-schema"];
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
