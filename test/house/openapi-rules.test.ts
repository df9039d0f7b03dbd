import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { temporaryFolder } from "../support/temporary-folder.ts";

// What other people's tools ask of an OpenAPI document: the recommended rules of Redocly and Spectral.

const REPOSITORY = fileURLToPath(new URL("../..", import.meta.url));
const BIN = join(REPOSITORY, "node_modules/.bin");

type Document = Record<string, unknown> & { paths: Record<string, Record<string, Record<string, unknown>>> };

/** The rules that a document breaks, each with its place. */
type Lint = (file: string) => Promise<string[]>;

const redocly: Lint = async (file) => {
  const said = await run("redocly", ["lint", file, "--extends", "recommended", "--format", "json"]);
  const { problems } = JSON.parse(said) as {
    problems: { ruleId: string; location: { pointer: string }[] }[]; // Its format `json`.
  };
  return problems.map(({ ruleId, location }) => `${ruleId} at ${location[0]?.pointer}`);
};

const spectral: Lint = async (file) => {
  const ruleset = join(await temporaryFolder(), "ruleset.json");
  await writeFile(ruleset, JSON.stringify({ extends: ["spectral:oas"] }));
  const said = await run("spectral", ["lint", file, "--ruleset", ruleset, "--format", "json", "--quiet"]);
  const results = JSON.parse(said) as { code: string; path: string[] }[]; // Its format `json`.
  return results.map(({ code, path }) => `${code} at ${path.join("/")}`);
};

describe.each([
  ["Redocly", redocly],
  ["Spectral", spectral],
])("the recommended rules of %s", (_name, lint) => {
  test("hold for openapi.json", async () => {
    expect(await lint(join(REPOSITORY, "openapi.json"))).toEqual([]);
  });

  test("find what is wrong with another document", async () => {
    const document = JSON.parse(await readFile(join(REPOSITORY, "openapi.json"), "utf8")) as Document;
    const operations = Object.values(document.paths).flatMap((path) => Object.values(path));
    const [first, second] = operations;
    if (!first || !second) throw new Error("openapi.json has no operations");
    second["operationId"] = first["operationId"];
    const file = join(await temporaryFolder(), "openapi.json");
    await writeFile(file, JSON.stringify(document));
    expect((await lint(file)).join("\n")).toMatch(/operation-?operationid-unique/i);
  });
});

/** Returns what a tool writes to stdout; it may find faults, and exit with them. */
async function run(tool: string, args: readonly string[]): Promise<string> {
  return await new Promise((resolve, reject) => {
    const env = {
      PATH: process.env["PATH"],
      HOME: process.env["HOME"],
      // They tell nobody that they ran.
      REDOCLY_TELEMETRY: "off",
      REDOCLY_SUPPRESS_UPDATE_NOTICE: "true",
    };
    execFile(join(BIN, tool), args, { env, maxBuffer: 64 * 1_048_576 }, (error, stdout, stderr) =>
      stdout.trim() === "" ? reject(new Error(`${tool}: ${stderr}`, { cause: error })) : resolve(stdout),
    );
  });
}
