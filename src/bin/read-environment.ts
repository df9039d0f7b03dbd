import { readConfig, VARIABLES, type CompleteConfig, type Config } from "./config.ts";
import { parametersWithoutEffect } from "./database-url-parameters.ts";
import { readDotEnv } from "./dot-env.ts";
import { findMistakenNames } from "./mistaken-names.ts";

/**
 * Reads the environment and `.env` of the working directory; variables that are set already keep their
 * values. Throws a `ConfigError` that lists every fault. What may be meant is told to `warn`, a line each.
 * `needs` names the variables that this process cannot start without.
 */
export function readEnvironment<Needed extends keyof Config = never>(
  environment: NodeJS.ProcessEnv,
  warn: (line: string) => void,
  needs: readonly Needed[] = [],
): CompleteConfig<Needed> {
  const dotEnv = readDotEnv();
  const fileNames = Object.keys(dotEnv?.variables ?? {});
  const others = Object.keys(environment).filter((name) => !fileNames.includes(name));
  for (const [name, value] of Object.entries(dotEnv?.variables ?? {})) environment[name] ??= value;

  const isMissing = (name: string): boolean => (environment[name] ?? "") === "";
  const inFile = findMistakenNames(fileNames, VARIABLES);
  // What this folder's own file says is meant for us. The environment is for every program.
  const faults = inFile.filter(({ meant, isMisspelt }) => isMisspelt && isMissing(meant));
  const doubts = inFile.filter((one) => !faults.includes(one));
  const aside = findMistakenNames(others, VARIABLES).filter(({ meant }) => isMissing(meant));
  for (const { name, meant } of doubts) warn(`.env: nothing reads ${shown(name)}. Is it ${meant}?`);
  for (const { name, meant } of aside) warn(`Nothing reads the variable ${shown(name)}. Is it ${meant}?`);
  for (const name of dotEnv?.repeated ?? []) warn(`.env: ${name} stands there twice. The last one counts.`);

  const config = readConfig(environment, needs, faults.map(faultOf));
  if (config.DATABASE_URL !== undefined) parametersWithoutEffect(config.DATABASE_URL).forEach(warn);
  return config;
}

function faultOf({ name, meant }: { name: string; meant: string }): string {
  return `${shown(name)}: nothing reads this name, which stands in .env: write ${meant}`;
}

/** A name with a letter that cannot be seen is shown with it. */
function shown(name: string): string {
  return /^\w+$/.test(name) ? name : JSON.stringify(name).replaceAll("\uFEFF", "\\ufeff");
}
