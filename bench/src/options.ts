import { parseArgs } from "node:util";
import { CONTENDER_NAMES, isContenderName, type ContenderName } from "./contenders.ts";

export interface Options {
  /** The scenarios whose names begin so are run; all when empty. */
  readonly scenarios: readonly string[];
  readonly contenders: readonly ContenderName[];
  readonly rounds: number;
  /** Multiplies every number of jobs, and every duration. */
  readonly scale: number;
  readonly write: boolean;
  /** The folder for CPU profiles of the runners. Profiling slows them down. */
  readonly profileFolder: string | undefined;
}

const DEFAULT_ROUNDS = 3;

export const USAGE = `npm run bench -- [options]
  --scenario a,b     those whose names begin so; all when left out
  --contenders a,b   of ${CONTENDER_NAMES.join(", ")}
  --rounds n         ${DEFAULT_ROUNDS}
  --scale x          of every number of jobs and every duration: 1; 0.02 for a look at everything in minutes
  --write            bench/RESULTS.md and bench/results.svg also when this is not a whole run
  --profile folder   CPU profiles of the runners`;

/** Throws an error that names the wrong option. */
export function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      scenario: { type: "string" },
      contenders: { type: "string" },
      rounds: { type: "string", default: String(DEFAULT_ROUNDS) },
      scale: { type: "string", default: "1" },
      write: { type: "boolean", default: false },
      profile: { type: "string" },
    },
  });
  return {
    scenarios: list(values.scenario),
    contenders: values.contenders === undefined ? CONTENDER_NAMES : list(values.contenders).map(toContender),
    rounds: positive("rounds", values.rounds),
    scale: positive("scale", values.scale),
    write: values.write,
    profileFolder: values.profile,
  };
}

/** Whether all is run at full size. Only such a run writes RESULTS.md by itself. */
export function isWholeRun({ scenarios, contenders, scale, rounds, profileFolder }: Options): boolean {
  return (
    scenarios.length === 0 &&
    CONTENDER_NAMES.every((name) => contenders.includes(name)) &&
    scale >= 1 &&
    rounds >= DEFAULT_ROUNDS &&
    profileFolder === undefined
  );
}

function list(text: string | undefined): string[] {
  return (text ?? "").split(",").filter(Boolean);
}

function toContender(name: string): ContenderName {
  if (!isContenderName(name))
    throw new Error(`--contenders: there is no ${name}; there are ${CONTENDER_NAMES.join(", ")}`);
  return name;
}

function positive(name: string, text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new Error(`--${name} must be above 0`);
  return value;
}
