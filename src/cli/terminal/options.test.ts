import { expect, test } from "vitest";
import type { z } from "zod";
import * as entries from "../../api/resources/entries/contract.ts";
import * as customers from "../../api/resources/customers/contract.ts";
import * as fields from "../../api/http/fields.ts";
import * as jobTypes from "../../api/resources/job-types/contract.ts";
import * as jobs from "../../api/resources/jobs/contract.ts";
import * as wallets from "../../api/resources/wallets/contract.ts";
import * as options from "./options.ts";

const YEAR_MS = 365.25 * 24 * 60 * 60 * 1_000;
const aheadBy = (ms: number): string => new Date(Date.now() + ms).toISOString();

/** Values at both sides of each limit; numbers go to the API as numbers, to the command line as text. */
const LIMITS: [name: string, cli: z.ZodType, api: z.ZodType, values: (string | number)[]][] = [
  [
    "name",
    options.Name,
    customers.NewCustomer.shape.name,
    ["", " ", "a", "a".repeat(200), "é".repeat(201), "a\u0007"],
  ],
  [
    "email",
    options.Email,
    customers.NewCustomer.shape.email,
    ["a", "a@b.example", `${"a".repeat(309)}@b.example`, `${"a".repeat(310)}@b.example`],
  ],
  ["currency", options.Currency, customers.NewCustomer.shape.currency, ["EUR", "eur", "EURO"]],
  [
    "reference",
    options.Reference,
    entries.TopUp.shape.reference,
    ["", "a".repeat(200), "a".repeat(201), "\ud800"],
  ],
  ["amount", options.AmountCents, entries.TopUp.shape.amount_cents, [-1, 0, 1, 1.5, 1e12, 1e12 + 1]],
  [
    "signed amount",
    options.SignedAmountCents,
    entries.Adjustment.shape.amount_cents,
    [-1e12 - 1, -1e12, -1, 0, 1, 1e12, 1e12 + 1],
  ],
  ["reason", options.Reason, entries.Grant.shape.reason, ["", "a".repeat(500), "a".repeat(501)]],
  [
    "credit limit",
    options.CreditLimitCents,
    wallets.WalletChanges.shape.credit_limit_cents,
    [-1, 0, 1e12, 1e12 + 1],
  ],
  [
    "low balance",
    options.LowBalanceCents,
    wallets.WalletChanges.shape.low_balance_cents,
    [-1e12 - 1, -1e12, 0, 1e12, 1e12 + 1],
  ],
  [
    "monthly spend limit",
    options.MonthlySpendLimitCents,
    wallets.WalletChanges.shape.monthly_spend_limit_cents,
    [-1, 0, 1e12, 1e12 + 1],
  ],
  ["weight", options.Weight, customers.CustomerChanges.shape.weight, [0, 1, 1_000, 1_001]],
  [
    "running limit of a customer",
    options.RunningLimit,
    customers.CustomerChanges.shape.running_limit,
    [-1, 0, 1, 1_000_000, 1_000_001],
  ],
  [
    "running limit of a job type",
    options.RunningLimit,
    jobTypes.NewJobType.shape.running_limit,
    [-1, 0, 1, 1_000_000, 1_000_001],
  ],
  [
    "waiting limit",
    options.WaitingLimit,
    customers.CustomerChanges.shape.waiting_limit,
    [-1, 0, 1, 1_000_000, 1_000_001],
  ],
  ["cost", options.CostCents, jobTypes.NewJobType.shape.standard_cost_cents, [-1, 0, 1e12, 1e12 + 1]],
  [
    "processor",
    options.ProcessingLogicId,
    jobTypes.NewJobType.shape.processing_logic_id,
    ["a.b-c_1", "A", "", "a".repeat(101)],
  ],
  ["attempts", options.MaxAttempts, jobTypes.MaxAttempts, [0, 1, 100, 101]],
  ["timeout", options.TimeoutSeconds, jobTypes.NewJobType.shape.timeout_seconds, [0, 1, 86_400, 86_401]],
  ["limit", options.ListLimit, fields.Limit, [0, 1, 200, 201]],
  ["priority", options.PriorityOption, jobs.Priority, [-1, 0, 1, 2, 3]],
  [
    "id",
    options.Id,
    fields.Id,
    ["x", "019AB1F0-5B0E-7C1F-8A3D-6F1F7E0C2D11", "019ab1f05b0e7c1f8a3d6f1f7e0c2d11"],
  ],
  [
    "time",
    options.Time,
    fields.Timestamp,
    [
      "now",
      "2026-11-23T21:06:00",
      "1969-12-31T23:59:59Z",
      "1970-01-01T00:00:00Z",
      "9999-12-30T23:59:59Z",
      "9999-12-31T00:00:00Z",
    ],
  ],
  [
    "run-at",
    options.RunAt,
    jobs.SubmitJob.shape.run_at,
    [
      "tomorrow",
      "2026-11-23T21:06:00",
      "1969-12-31T00:00:00Z",
      "2026-11-23T21:06:00+01:00",
      aheadBy(9 * YEAR_MS),
      aheadBy(11 * YEAR_MS),
    ],
  ],
];

test.each(LIMITS)("%s: the command line takes exactly what the API takes", (_name, cli, api, values) => {
  const taken = (schema: z.ZodType, value: unknown): boolean => schema.safeParse(value).success;
  expect(values.map((value) => [value, taken(cli, String(value))])).toEqual(
    values.map((value) => [value, taken(api, value)]),
  );
  expect(new Set(values.map((value) => taken(api, value))).size).toBe(2);
});

test.each([
  ["0", 0],
  ["high", 0],
  ["Medium", 1],
  ["LOW", 2],
])("priority %s is %i", (word, priority) => {
  expect(options.PriorityOption.parse(word)).toBe(priority);
});

test.each(["", "1e3", "0x10", " 5", "+5", "5.0", "9".repeat(400)])("%j is no whole number", (word) => {
  expect(options.AmountCents.safeParse(word).success).toBe(false);
});

test("a limit of none is no limit", () => {
  expect(options.LowBalanceCents.parse("none")).toBeNull();
  expect(options.MonthlySpendLimitCents.parse("none")).toBeNull();
  expect(options.RunningLimit.parse("none")).toBeNull();
  expect(options.CreditLimitCents.safeParse("none").success).toBe(false);
  expect(options.Weight.safeParse("none").success).toBe(false);
});

test.each(["many", "", "-1", "1.5", "0", "1000001"])(
  "a limit of %j is told once, and that it may be none",
  (word) => {
    const { error } = options.RunningLimit.safeParse(word);
    expect(error?.issues.map(({ message }) => message)).toEqual([
      "must be none or a whole number from 1 to 1000000",
    ]);
  },
);
