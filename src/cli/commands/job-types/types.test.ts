import { expect, test } from "vitest";
import { createTestCli } from "../../../../test/support/test-cli.ts";

test("types names what enabled job types take and return, by name", async () => {
  const schema = { type: "object", properties: { words: { type: "integer" } }, required: ["words"] };
  const cli = await createTestCli({
    outputSchemas: () => Promise.resolve(new Map([["text.statistics", schema]])),
  });
  const empty = await cli.run("job-types", "types");
  expect(empty.stdout).toMatch(/export interface JobTypes \{\n\}\n$/);
  expect(empty.stderr).toContain("No job type is enabled");

  const create = async (name: string, processor: string, ...more: string[]) =>
    await cli.json(
      "job-types",
      "create",
      "--name",
      name,
      "--processing-logic-id",
      processor,
      "--cost-cents",
      "1",
      ...more,
    );
  const input = '{"type":"object","properties":{"text":{"type":"string"}},"additionalProperties":false}';
  await create("Text", "text.statistics", "--input-schema", input);
  await create('"]: 1', "other");
  await create("Off", "echo", "--disabled");
  const { stdout, stderr, exitCode } = await cli.run("job-types", "types");
  expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
  expect(stdout.slice(stdout.indexOf("export"))).toBe(`export interface JobTypes {
  "\\"]: 1": {
    input: unknown;
    output: unknown;
  };
  "Text": {
    input: {
      "text"?: string;
    };
    output: {
      "words": number;
      [name: string]: unknown;
    };
  };
}
`);
  expect(await cli.json("job-types", "types")).toEqual({ declarations: stdout });
});
