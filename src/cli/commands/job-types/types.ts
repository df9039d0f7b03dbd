import type { Command } from "commander";
import { z } from "zod";
import { platformAction, withExamples, type CliRun } from "../../terminal/command.ts";
import { allJobTypes } from "./find-job-type.ts";
import { quote, schemaType } from "./schema-type.ts";

const HEAD = [
  "// Written by `iep job-types types`. Write it again when a job type has changed.",
  "",
  "/** What jobs take and return, by the name of their job type: `createClient<JobTypes>(…)`. */",
  "export interface JobTypes {",
];

/** What a job type takes and returns: JSON Schemas, or undefined where nobody says. */
interface TypedJobs {
  readonly name: string;
  readonly input: unknown;
  readonly output: unknown;
}

export function addTypesCommand(jobTypes: Command, run: CliRun): void {
  withExamples(jobTypes.command("types"), "iep job-types types > job-types.d.ts")
    .description(
      "Print TypeScript types of what jobs take and return, for the SDK. Outputs are known of processors on this machine",
    )
    .action(
      platformAction(run, z.object({}), async (platform) => {
        const outputs = await run.context.outputSchemas((line) => run.terminal.say(line));
        const typed: TypedJobs[] = [];
        for await (const one of allJobTypes(platform)) {
          if (!one.enabled) continue;
          const input = one.input_schema ?? one.processor_input_schema ?? undefined;
          typed.push({ name: one.name, input, output: outputs.get(one.processing_logic_id) });
        }
        const text = declarations(typed);
        await run.terminal.print({ declarations: `${text}\n` }, () => text);
        if (typed.length === 0)
          await run.terminal.say("No job type is enabled, so there is nothing to type.");
      }),
    );
}

/** By name, so that two runs differ only in what has changed. */
function declarations(typed: readonly TypedJobs[]): string {
  const sorted = typed.toSorted((one, other) => (one.name < other.name ? -1 : 1));
  const fields = sorted.map(
    ({ name, input, output }) =>
      `  ${quote(name)}: {\n    input: ${schemaType(input, "    ")};\n    output: ${schemaType(output, "    ")};\n  };`,
  );
  return [...HEAD, ...fields, "}"].join("\n");
}
