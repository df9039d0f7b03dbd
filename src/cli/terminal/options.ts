import type { Command } from "commander";
import { z } from "zod";
import { findTextFault, tidyText, type TextUse } from "../../core/lib/text-fault.ts";
import { CURRENCY_MESSAGE, isCurrency } from "../../core/model/currency.ts";
import { PRIORITIES, type Priority } from "../../core/model/job.ts";
import {
  AMOUNT_CENTS_MAX,
  ATTEMPTS_COUNTED_MAX,
  ATTEMPTS_MAX,
  EMAIL_LENGTH_MAX,
  IDEMPOTENCY_KEY_LENGTH_MAX,
  NAME_LENGTH_MAX,
  PAGE_LIMIT_DEFAULT,
  PAGE_LIMIT_MAX,
  REASON_LENGTH_MAX,
  REFERENCE_LENGTH_MAX,
  RUNNING_LIMIT_MAX,
  RUN_AT_AHEAD_MAX_MS,
  TIMEOUT_MAX_SECONDS,
  TIME_END_MS,
  WAITING_LIMIT_MAX,
  WEIGHT_MAX,
} from "../../core/model/limits.ts";
import { UsageError } from "./errors.ts";

/** Schemas that turn the text of options and arguments into values. */
export const Id = z.guid("must be a UUID").toLowerCase();
export const Name = text(NAME_LENGTH_MAX);
export const JobTypeName = text(NAME_LENGTH_MAX, "identity");
export const Reference = text(REFERENCE_LENGTH_MAX, "identity");
export const Reason = text(REASON_LENGTH_MAX);
export const Email = z
  .email("must be an e-mail address")
  .max(EMAIL_LENGTH_MAX, `must have at most ${EMAIL_LENGTH_MAX} characters`);
export const Currency = z.string().refine(isCurrency, CURRENCY_MESSAGE);
export const ProcessingLogicId = z
  .string()
  .regex(/^[a-z0-9._-]{1,100}$/, "must be 1 to 100 of a-z, 0-9, dot, underscore and hyphen");
/** An amount of money to move. */
export const AmountCents = integer(1, AMOUNT_CENTS_MAX);
/** An amount to add, or, if negative, to take away. */
export const SignedAmountCents = integer(-AMOUNT_CENTS_MAX, AMOUNT_CENTS_MAX).refine(
  (cents) => cents !== 0,
  "must not be 0",
);
/** Limits of a wallet. */
export const CreditLimitCents = integer(0, AMOUNT_CENTS_MAX);
export const LowBalanceCents = orNone(-AMOUNT_CENTS_MAX, AMOUNT_CENTS_MAX);
export const MonthlySpendLimitCents = orNone(0, AMOUNT_CENTS_MAX);
/** How many jobs of a customer or a job type may run at the same time. */
export const RunningLimit = orNone(1, RUNNING_LIMIT_MAX);
/** How many jobs of a customer may wait. */
export const WaitingLimit = orNone(1, WAITING_LIMIT_MAX);
export const Weight = integer(1, WEIGHT_MAX);
/** A price, which may be 0. */
export const CostCents = integer(0, AMOUNT_CENTS_MAX);
export const MaxAttempts = integer(1, ATTEMPTS_MAX);
/** Which attempt of a job. */
export const AttemptNumber = integer(1, ATTEMPTS_COUNTED_MAX);
export const TimeoutSeconds = integer(1, TIMEOUT_MAX_SECONDS);
/** The option that `ListLimit` reads. */
export const LIMIT_OPTION = [
  "--limit <n>",
  `how many at most, up to ${PAGE_LIMIT_MAX} (default: ${PAGE_LIMIT_DEFAULT})`,
] as const;
export const ListLimit = integer(1, PAGE_LIMIT_MAX).default(PAGE_LIMIT_DEFAULT);
/** How long a person or a script waits for a job. */
export const WaitSeconds = integer(1, TIMEOUT_MAX_SECONDS);
export const IdempotencyKeyOption = z
  .string()
  .regex(
    new RegExp(`^[\\x20-\\x7e]{1,${IDEMPOTENCY_KEY_LENGTH_MAX}}$`),
    `must be 1 to ${IDEMPOTENCY_KEY_LENGTH_MAX} printable ASCII characters`,
  );
export const LinkCount = integer(1, 999_999_999_999);
export const Flag = z.boolean().default(false);

export const PRIORITY_NAMES = { 0: "high", 1: "medium", 2: "low" } as const satisfies Record<
  Priority,
  string
>;

export const PriorityOption = z.string().transform((word, context): Priority => {
  const priority = PRIORITIES.find(
    (one) => word === String(one) || word.toLowerCase() === PRIORITY_NAMES[one],
  );
  if (priority !== undefined) return priority;
  context.issues.push({ code: "custom", message: "must be 0 (high), 1 (medium) or 2 (low)", input: word });
  return z.NEVER;
});

/** A point in time. It goes to the database as it was typed, with all its digits. */
export const Time = z.iso
  .datetime({ offset: true, error: "must be a time such as 2026-11-23T21:06:00Z (RFC 3339, with an offset)" })
  .refine((time) => Date.parse(time) >= 0 && Date.parse(time) < TIME_END_MS, {
    error: "must be between 1970 and 9999",
    abort: true,
  });
const AGO = /^(\d{1,5})(s|m|h|d)$/;
const UNIT_MS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** A time, or how long ago it was: 30m, 12h, 7d. */
export const Since = z.string().transform((word, context): string => {
  const [, count, unit = ""] = AGO.exec(word) ?? [];
  if (count !== undefined) return new Date(Date.now() - Number(count) * (UNIT_MS[unit] ?? 0)).toISOString();
  const time = Time.safeParse(word);
  if (time.success) return time.data;
  const message = "must be a time such as 2026-11-23T21:06:00Z, or how long ago, such as 30m, 12h or 7d";
  context.issues.push({ code: "custom", message, input: word });
  return z.NEVER;
});
export const RunAt = Time.refine(
  (time) => Date.parse(time) <= Date.now() + RUN_AT_AHEAD_MAX_MS,
  "must be no more than 10 years ahead",
);

/** One line of text. Blanks around it are removed, and it becomes NFC: see `findTextFault`. */
function text(charactersMax: number, use: TextUse = "name") {
  return z
    .string()
    .overwrite(tidyText)
    .refine((value) => findTextFault(value, use, charactersMax) === undefined, {
      error: ({ input }) => findTextFault(String(input), use, charactersMax) ?? "",
    });
}

export function integer(min: number, max: number, message = `must be a whole number from ${min} to ${max}`) {
  return z
    .string()
    .regex(min < 0 ? /^-?\d{1,15}$/ : /^\d{1,15}$/, { error: message, abort: true })
    .transform(Number)
    .refine((value) => value >= min && value <= max, message);
}

/** A whole number, or `none`, which becomes null and removes a limit. */
function orNone(min: number, max: number) {
  // A number out of range is an issue of the number alone: it gets the same message.
  const message = `must be none or a whole number from ${min} to ${max}`;
  return z.union([z.literal("none").transform(() => null), integer(min, max, message)], { error: message });
}

/**
 * Returns the validated options and arguments of a command. Throws one `UsageError` that names every wrong
 * one.
 */
export async function readValues<Values>(command: Command, schema: z.ZodType<Values>): Promise<Values> {
  const words = command.registeredArguments.map((argument, index) => ({
    key: argument.name().replaceAll(/-(.)/g, (_, letter: string) => letter.toUpperCase()),
    label: `<${argument.name()}>`,
    value: command.args[index],
  }));
  const raw: Record<string, unknown> = { ...command.opts() };
  for (const { key, value } of words) raw[key] = value;

  const parsed = await schema.safeParseAsync(raw, {
    error: (issue) =>
      issue.code === "invalid_value" ? `must be one of ${issue.values.join(", ")}` : undefined,
  });
  if (parsed.success) return parsed.data;

  const labels = [
    ...words,
    ...command.options.map((option) => ({ key: option.attributeName(), label: option.long ?? option.flags })),
  ];
  throw usageError(parsed.error.issues, labels, raw);
}

function usageError(
  issues: readonly z.core.$ZodIssue[],
  labels: readonly { key: string; label: string }[],
  raw: Readonly<Record<string, unknown>>,
): UsageError {
  const general = issues.find(({ path }) => path.length === 0);
  if (general) return new UsageError(general.message);
  const errors = labels.flatMap(({ key, label }) => {
    // Only the first issue of an option is shown.
    const issue = issues.find(({ path }) => path[0] === key);
    return issue ? [{ option: label, message: raw[key] === undefined ? "is required" : issue.message }] : [];
  });
  return new UsageError("some options or arguments are missing or wrong: --help explains them", errors);
}
