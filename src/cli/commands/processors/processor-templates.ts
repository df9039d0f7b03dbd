/** What `iep processors new` can write. */
export type ProcessorForm = "ts" | "js" | "python3" | "node" | "sh";

/** Programs of commands for which there is a template. */
export const COMMAND_PROGRAMS = ["python3", "node", "sh"] as const;

export interface ProcessorTemplate {
  /** Text by path below the folder of processors. The first is the one to edit. */
  readonly files: Readonly<Record<string, string>>;
  /** The path of the test among them. */
  readonly test: string;
  /** An input that the processor takes, as JSON. */
  readonly input: string;
}

interface TemplateOptions {
  /** The id of the processor: lower-case words joined by `.`, `_` or `-`. */
  readonly id: string;
  readonly form: ProcessorForm;
  /** The module from which the test takes `test`: its body is the same for both. */
  readonly runner: "vitest" | "node:test";
}

/** Returns the files of a new processor, which runs as it is, and of a test, which passes. */
export function processorTemplate({ id, form, runner }: TemplateOptions): ProcessorTemplate {
  const name = id.replaceAll(/[._]/g, "-");
  if (form === "ts" || form === "js") return moduleTemplate(id, name, form, runner);
  return commandTemplate(id, name, form, runner);
}

const TEXT_INPUT = '{"text":"hello"}';

function moduleTemplate(
  id: string,
  name: string,
  form: "ts" | "js",
  runner: TemplateOptions["runner"],
): ProcessorTemplate {
  const ending = form === "ts" ? "ts" : "mjs";
  const test = `${name}.test.${ending}`;
  // A test in TypeScript imports what the file would be compiled to.
  const specifier = form === "ts" ? `./${name}.js` : `./${name}.mjs`;
  return {
    files: {
      [`${name}.${ending}`]: `import { defineProcessor, FatalError } from "innovation-ecosystem-platform/processors";
import { z } from "zod";

export default defineProcessor({
  id: "${id}",
  // Other input is refused when a job is submitted, before any money is held.
  input: z.strictObject({ text: z.string().max(10_000) }),
  output: z.strictObject({ text: z.string() }),
  run({ text }, { log, progress }) {
    if (text.trim() === "") throw new FatalError("There is no text.", { code: "no_text" });
    log.info({ characters: text.length }, "read the text");
    progress(1);
    return { text: text.toUpperCase() };
  },
});
`,
      [test]: `import assert from "node:assert/strict";
import { runForTest, testContext } from "innovation-ecosystem-platform/processors/testing";
import { test } from "${runner}";
import processor from "${specifier}";

test("a text comes back in capitals, and tells its progress", async () => {
  const context = testContext();
  assert.deepEqual(await runForTest(processor, { text: "abc" }, context), { text: "ABC" });
  assert.equal(context.recorded.progress.at(-1)?.fraction, 1);
});

test("another input is refused", async () => {
  await assert.rejects(runForTest(processor, {}), { code: "input_invalid" });
});

test("an empty text fails for good", async () => {
  await assert.rejects(runForTest(processor, { text: " " }), { name: "FatalError", code: "no_text" });
});
`,
    },
    test,
    input: TEXT_INPUT,
  };
}

function commandTemplate(
  id: string,
  name: string,
  form: "python3" | "node" | "sh",
  runner: TemplateOptions["runner"],
): ProcessorTemplate {
  const { file, text, output } = SCRIPTS[form];
  const test = `${name}.test.${runner === "vitest" ? "ts" : "mjs"}`;
  const settings = {
    id,
    command: [form, file],
    input_schema: {
      type: "object",
      required: ["text"],
      properties: { text: { type: "string", maxLength: 10_000 } },
      additionalProperties: false,
    },
  };
  return {
    files: {
      [`${name}/${file}`]: text,
      [`${name}/processor.json`]: `${JSON.stringify(settings, null, 2)}\n`,
      [test]: `import assert from "node:assert/strict";
import { commandForTest, runForTest, testContext } from "innovation-ecosystem-platform/processors/testing";
import { test } from "${runner}";

const processor = await commandForTest(new URL("./${name}/", import.meta.url));

test("an attempt has an output, and tells its progress", async () => {
  const context = testContext();
  assert.deepEqual(await runForTest(processor, { text: "abc" }, context), ${output});
  assert.equal(context.recorded.progress.at(-1)?.fraction, 1);
});

test("another input is refused", async () => {
  await assert.rejects(runForTest(processor, {}), { code: "input_invalid" });
});
`,
    },
    test,
    input: TEXT_INPUT,
  };
}

/** By program: a script that reads its attempt from stdin, and what it makes of "abc". */
const SCRIPTS = {
  python3: {
    file: "main.py",
    output: '{ text: "ABC" }',
    text: `import json
import sys

EX_DATAERR = 65  # The input is wrong: the job fails without another attempt.


def say(message):
    """Writes a line for the runner. Flushed, because progress that arrives at the end is none."""
    print(json.dumps(message), flush=True)


attempt = json.load(sys.stdin)
text = attempt["input"]["text"]
if text.strip() == "":
    print("There is no text.", file=sys.stderr)
    sys.exit(EX_DATAERR)
say({"progress": 1})
say({"output": {"text": text.upper()}})
`,
  },
  node: {
    file: "main.mjs",
    output: '{ text: "ABC" }',
    text: `import { readFileSync } from "node:fs";

/** The input is wrong: the job fails without another attempt. */
const EX_DATAERR = 65;
/** Writes a line for the runner. */
const say = (message) => console.log(JSON.stringify(message));

const { input } = JSON.parse(readFileSync(0, "utf8"));
if (input.text.trim() === "") {
  console.error("There is no text.");
  process.exit(EX_DATAERR);
}
say({ progress: 1 });
say({ output: { text: input.text.toUpperCase() } });
`,
  },
  sh: {
    file: "main.sh",
    output: "{ words: 1 }",
    text: `#!/bin/sh
# Counts the words of the input. A shell does not read JSON: this finds a text without quotes only.
set -eu
words=$(sed -e 's/.*"text":"\\([^"]*\\)".*/\\1/' | wc -w)
echo '{"progress": 1}'
echo "{\\"output\\": {\\"words\\": $((words))}}"
`,
  },
} as const;
