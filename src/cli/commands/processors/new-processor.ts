import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join, relative } from "node:path";
import type { Command } from "commander";
import { z } from "zod";
import { OperatorError } from "../../../core/lib/operator-error.ts";
import { PROCESSOR_ID_LENGTH_MAX } from "../../../core/model/limits.ts";
import { action, withExamples, type CliRun } from "../../terminal/command.ts";
import { UsageError } from "../../terminal/errors.ts";
import { Flag } from "../../terminal/options.ts";
import { COMMAND_PROGRAMS, processorTemplate, type ProcessorTemplate } from "./processor-templates.ts";

/** As `defineProcessor` wants it. */
const ProcessorId = z
  .string()
  .max(PROCESSOR_ID_LENGTH_MAX, `must have at most ${PROCESSOR_ID_LENGTH_MAX} characters`)
  .regex(/^[a-z0-9]+([._-][a-z0-9]+)*$/, 'must be lower-case words joined by ".", "_" or "-"');

/** `iep processors new`: writes a processor that works, and its test. */
export function addNewCommand(processors: Command, run: CliRun): void {
  withExamples(
    processors.command("new <id>"),
    "iep processors new text.shout",
    "iep processors new text.shout --js",
    "iep processors new pdf.pages --command python3",
  )
    .description("Write a new processor that works, with its test, into PROCESSORS_DIR or ./processors")
    .option("--js", "in JavaScript instead of TypeScript")
    .option("--command <program>", `as a command that this program runs: ${COMMAND_PROGRAMS.join(", ")}`)
    .action(
      action(
        run,
        z.object({ id: ProcessorId, js: Flag, command: z.enum(COMMAND_PROGRAMS).optional() }),
        async ({ id, js, command }) => {
          if (js && command !== undefined) throw new UsageError("--js and --command are two forms: give one");
          const { directory, processors: known } = await run.context.localProcessors.list();
          const holder = known.find((processor) => processor.id === id);
          if (holder)
            throw new OperatorError(
              "processors",
              `the id "${id}" is taken by ${holder.file ?? "a processor that ships"}`,
            );
          const runner = hasVitest(directory) ? "vitest" : "node:test";
          const template = processorTemplate({ id, form: command ?? (js ? "js" : "ts"), runner });
          const files = await writeAll(directory, template);
          await run.terminal.print({ id, files }, () =>
            files.map((file) => `created ${shown(file)}`).join("\n"),
          );
          for (const line of nextSteps(id, directory, template, runner)) await run.terminal.say(line);
        },
      ),
    );
}

/** Whether tests in the folder can import vitest. Node's own test runner is always there. */
function hasVitest(directory: string): boolean {
  try {
    createRequire(join(directory, "processor.test.ts")).resolve("vitest/package.json");
    return true;
  } catch {
    return false;
  }
}

/** Writes all files or none. Throws when one of them exists. */
async function writeAll(directory: string, { files }: ProcessorTemplate): Promise<string[]> {
  const paths = Object.keys(files).map((name) => join(directory, name));
  const taken = paths.find((path) => existsSync(path));
  if (taken !== undefined)
    throw new OperatorError("processors", `${shown(taken)} exists already: nothing was written`);
  try {
    for (const [name, text] of Object.entries(files)) {
      const path = join(directory, name);
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, text, { flag: "wx", mode: text.startsWith("#!") ? 0o755 : 0o644 });
    }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new OperatorError("processors", `the processor cannot be written: ${reason}`, { cause: error });
  }
  return paths;
}

/** As a person in the working directory would type it. */
function shown(path: string): string {
  const short = relative(process.cwd(), path);
  return short.startsWith("..") ? path : short;
}

function nextSteps(
  id: string,
  directory: string,
  { test, input }: ProcessorTemplate,
  runner: "vitest" | "node:test",
): string[] {
  const file = shown(join(directory, test));
  const node = test.endsWith(".ts") ? "node --import tsx --test" : "node --test";
  return [
    "",
    "Try it, test it, sell it:",
    `  iep processors run ${id} --input '${input}'`,
    `  ${runner === "vitest" ? "npx vitest run" : node} ${file}`,
    `  iep job-types create --name '${id}' --processing-logic-id ${id} --cost-cents 40`,
  ];
}
