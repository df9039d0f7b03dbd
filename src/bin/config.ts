import { z } from "zod";
import type { Priority } from "../core/model/job.ts";
import { LEASE_SECONDS, POOL_SIZE_DEFAULT, RETENTION_DAYS, STOP_SECONDS } from "../core/model/limits.ts";
import { ConfigError } from "./config-error.ts";
import { completeDatabaseUrl, findParameterFault } from "./database-url-parameters.ts";
import { findUrlFault } from "./url-fault.ts";

/** A rule that says what is wrong, and undefined when nothing is. */
const checked = (findFault: (value: string) => string | undefined) =>
  z.string().superRefine((value, context) => {
    const message = findFault(value);
    if (message !== undefined) context.addIssue({ code: "custom", message });
  });

const databaseUrl = checked(
  (value) =>
    findUrlFault(value, ["postgres:", "postgresql:"], "postgres://user:password@127.0.0.1:5432/iep") ??
    findParameterFault(value),
);

const redisUrl = checked((value) => findUrlFault(value, ["redis:", "rediss:"], "redis://127.0.0.1:6379/0"));

const integer = (min: number, max: number) =>
  z
    .string()
    .regex(/^\d{1,9}$/, `must be a whole number from ${min} to ${max}`)
    .transform(Number)
    .refine((value) => value >= min && value <= max, `must be a whole number from ${min} to ${max}`);

const list = () =>
  z
    .string()
    .transform((text) => [...new Set(text.split(",").map((item) => item.trim()))])
    .refine((items) => !items.includes(""), "must be a list with commas between its items");

/** Every variable of the environment that the platform reads. README.md has the same table. */
const Environment = z.object({
  DATABASE_URL: databaseUrl.optional(),
  DATABASE_DIRECT_URL: databaseUrl.optional(),
  REDIS_URL: redisUrl.optional(),
  HOST: z.string().min(1, "must not be empty").default("127.0.0.1"),
  PORT: integer(0, 65_535).default(3000),
  ADMIN_API_KEY: z.string().min(16, "must have at least 16 characters").optional(),
  QUEUE_KEY_PREFIX: z
    .string()
    .regex(/^[\w{}:.-]{1,100}$/, "must be 1 to 100 letters, digits or one of _ { } : . -")
    .default("jobs"),
  RUNNER_CONCURRENCY: integer(1, 1_000).default(32),
  RUNNER_JOB_TYPES: list().optional(),
  RUNNER_PRIORITIES: list()
    .refine((items) => items.every((item) => /^[012]$/.test(item)), "must be some of 0, 1 and 2, such as 0,1")
    .transform((items) => items.map((item) => Number(item) as Priority))
    .optional(),
  RUNNER_LEASE_SECONDS: integer(1, 3_600).default(LEASE_SECONDS),
  RUNNER_STOP_SECONDS: integer(0, 86_400).default(STOP_SECONDS),
  PRIORITY_AGING_SECONDS: integer(0, 86_400).default(300),
  JOB_RETENTION_DAYS: integer(0, 36_500).default(RETENTION_DAYS),
  PROCESSORS_DIR: z.string().min(1, "must not be empty").optional(),
  LOG_LEVEL: z
    .enum(
      ["fatal", "error", "warn", "info", "debug", "trace", "silent"],
      "must be fatal, error, warn, info, debug, trace or silent",
    )
    .default("info"),
  METRICS_PORT: integer(0, 65_535).optional(),
  METRICS_TOKEN: z.string().min(16, "must have at least 16 characters").optional(),
  DATABASE_POOL_SIZE: integer(2, 1_000).default(POOL_SIZE_DEFAULT),
  WEBHOOK_ALLOW_PRIVATE: z
    .enum(["true", "false"], "must be true or false")
    .transform((word) => word === "true")
    .optional(),
  WEBHOOK_PROXY: checked((value) => findUrlFault(value, ["http:"], "http://127.0.0.1:4750")).optional(),
});

export type Config = z.output<typeof Environment>;

/** `Config`, in which `Needed` are set. */
export type CompleteConfig<Needed extends keyof Config> = Config & {
  [Name in Needed]-?: NonNullable<Config[Name]>;
};

export const VARIABLES: readonly string[] = Object.keys(Environment.shape);

/**
 * Validates the whole environment. Throws a `ConfigError` that lists every wrong variable. A variable that is
 * set but empty counts as not set, as in `.env` files. `needs` names the variables that this process cannot
 * start without. `known` are faults that were found before.
 */
export function readConfig<Needed extends keyof Config = never>(
  environment: NodeJS.ProcessEnv,
  needs: readonly Needed[] = [],
  known: readonly string[] = [],
): CompleteConfig<Needed> {
  const set = Object.fromEntries(
    Object.entries(environment).filter(([, value]) => value !== undefined && value !== ""),
  );
  const parsed = Environment.safeParse(set);
  const faults = parsed.success
    ? []
    : parsed.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`);
  const missing = needs.filter((name) => set[name] === undefined).map((name) => `${name}: must be set`);
  if (!parsed.success || missing.length > 0 || known.length > 0) {
    const all = [...known, ...faults, ...missing].map((fault) => `  ${fault}`);
    throw new ConfigError(["The environment is not valid:", ...all].join("\n"));
  }
  const { DATABASE_URL } = parsed.data;
  const config: Config = {
    ...parsed.data,
    DATABASE_URL: DATABASE_URL && completeDatabaseUrl(DATABASE_URL, environment),
  };
  // The check above found all of `needs` set.
  return config as CompleteConfig<Needed>;
}
