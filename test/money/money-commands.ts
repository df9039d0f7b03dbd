import * as fc from "fast-check";

// What can be asked of money, at random. Targets are numbers that the run takes modulo what there is by then, so that any part of a sequence is
// a sequence too, and fast-check can shrink it.

/** Known ids, as popped from a list; whatever is next; whose turn it is. */
export type ClaimSource = "ids" | "next" | "backlog";
export type SettleKind = "succeeded" | "failed" | "retry" | "released" | "cancelled";

export type Command =
  | {
      readonly kind: "submit";
      readonly customer: number;
      readonly types: readonly number[];
      readonly grouped: boolean;
    }
  | {
      readonly kind: "submit_keyed";
      readonly customer: number;
      readonly types: readonly number[];
      readonly key: number;
      readonly grouped: boolean;
    }
  | {
      readonly kind: "submit_again";
      readonly nth: number;
      readonly other_body: boolean;
      readonly grouped: boolean;
    }
  | { readonly kind: "claim"; readonly max: number; readonly from: ClaimSource }
  | {
      readonly kind: "settle";
      readonly nths: readonly number[];
      readonly as: SettleKind;
      readonly cost_cents: number | undefined;
      readonly later: boolean;
    }
  | { readonly kind: "settle_again"; readonly nth: number; readonly as: SettleKind | "same" }
  | { readonly kind: "lose_runners" }
  | { readonly kind: "cancel"; readonly nth: number }
  | { readonly kind: "retry"; readonly nth: number }
  | {
      readonly kind: "top_up";
      readonly customer: number;
      readonly cents: number;
      readonly key: number | undefined;
    }
  | { readonly kind: "post_again"; readonly nth: number; readonly more_cents: number }
  | { readonly kind: "grant_all"; readonly cents: number }
  | { readonly kind: "adjust"; readonly customer: number; readonly cents: number; readonly named: boolean }
  | { readonly kind: "refund"; readonly nth: number; readonly cents: number | undefined }
  | { readonly kind: "refund_again"; readonly nth: number; readonly more_cents: number }
  | {
      readonly kind: "chargeback";
      readonly customer: number;
      readonly cents: number;
      readonly freeze: boolean;
    }
  | { readonly kind: "credit"; readonly customer: number; readonly cents: number }
  | { readonly kind: "spend_limit"; readonly customer: number; readonly cents: number | null }
  | { readonly kind: "threshold"; readonly customer: number; readonly cents: number | null }
  | { readonly kind: "freeze"; readonly customer: number }
  | { readonly kind: "thaw"; readonly customer: number }
  | { readonly kind: "price"; readonly type: number; readonly cents: number }
  | {
      readonly kind: "own_price";
      readonly customer: number;
      readonly type: number;
      readonly cents: number | null;
    }
  | { readonly kind: "seal" }
  | { readonly kind: "audit" };

export type CommandKind = Command["kind"];

/**
 * What each command may be refused with: any other answer fails. Some only when it was overtaken by a command that repeats it, or by one that
 * left the job as it would have.
 */
export const REFUSALS = {
  submit: ["insufficient_funds", "spend_limit_reached", "wallet_frozen"],
  submit_keyed: ["insufficient_funds", "spend_limit_reached", "wallet_frozen", "idempotency_key_reused"],
  submit_again: ["insufficient_funds", "spend_limit_reached", "wallet_frozen", "idempotency_key_reused"],
  claim: ["runner_unknown"],
  settle: ["stale", "already_settled"],
  settle_again: ["stale", "already_settled"],
  lose_runners: [],
  cancel: ["already_ended"],
  retry: ["job_not_ended", "insufficient_funds", "spend_limit_reached", "wallet_frozen"],
  top_up: ["idempotency_key_reused", "reference_reused"],
  post_again: ["idempotency_key_reused", "reference_reused", "insufficient_funds"],
  grant_all: ["reference_reused"],
  adjust: ["insufficient_funds", "reference_reused"],
  refund: ["refund_exceeds_charge", "reference_reused"],
  refund_again: ["refund_exceeds_charge", "reference_reused"],
  chargeback: ["reference_reused"],
  credit: ["insufficient_funds"],
  spend_limit: [],
  threshold: [],
  freeze: [],
  thaw: ["insufficient_funds"],
  price: [],
  own_price: [],
  seal: [],
  audit: [],
} as const satisfies Record<CommandKind, readonly string[]>;

export interface CustomerSetup {
  readonly opening_cents: number;
  readonly credit_limit_cents: number;
  readonly low_balance_cents: number | null;
  readonly monthly_spend_limit_cents: number | null;
  /** Jobs that were submitted and claimed before: so many of them, from the first, have succeeded. */
  readonly jobs: number;
  readonly succeeded: number;
}

export interface Sequence {
  readonly customers: readonly CustomerSetup[];
  /** Standard costs of the job types. */
  readonly costs: readonly number[];
  /** Each goes through its commands one after the other, all at the same time. */
  readonly actors: readonly (readonly Command[])[];
  /** False: the commands `threshold` do nothing, and low balances can be counted. */
  readonly moves_thresholds: boolean;
  readonly seals: boolean;
}

const nth = fc.nat(99);
const customer = fc.nat(2);
const type = fc.nat(1);
const grouped = fc.boolean();
const costCents = fc.integer({ min: 0, max: 12 });
const someCents = fc.integer({ min: 1, max: 30 });
const changeCents = fc.constantFrom(0, 0, 1, 5);
const orNull = <T>(some: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(some, { nil: null, freq: 2 });
const settleAs = fc.constantFrom<SettleKind[]>(
  "succeeded",
  "succeeded",
  "succeeded",
  "failed",
  "retry",
  "released",
  "cancelled",
);
const types = fc.array(type, { minLength: 1, maxLength: 4 });
const nths = fc.uniqueArray(nth, { minLength: 1, maxLength: 3 });
const named = <Kind extends CommandKind, Rest extends object>(
  kind: Kind,
  rest: { [Field in keyof Rest]: fc.Arbitrary<Rest[Field]> },
) =>
  fc.record({ kind: fc.constant(kind), ...rest } as {
    [Field in keyof (Rest & { kind: Kind })]: fc.Arbitrary<(Rest & { kind: Kind })[Field]>;
  });

const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 10, arbitrary: named("submit", { customer, types, grouped }) },
  { weight: 6, arbitrary: named("submit_keyed", { customer, types, key: fc.nat(2), grouped }) },
  {
    weight: 6,
    arbitrary: named("submit_again", { nth, other_body: fc.constantFrom(false, false, true), grouped }),
  },
  {
    weight: 14,
    arbitrary: named("claim", {
      max: fc.integer({ min: 1, max: 4 }),
      from: fc.constantFrom("ids", "next", "backlog"),
    }),
  },
  {
    weight: 14,
    arbitrary: named("settle", {
      nths,
      as: settleAs,
      cost_cents: fc.option(fc.integer({ min: -1, max: 15 }), { nil: undefined }),
      later: fc.boolean(),
    }),
  },
  {
    weight: 5,
    arbitrary: named("settle_again", { nth, as: fc.oneof(fc.constant("same" as const), settleAs) }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: "lose_runners" as const }) },
  { weight: 5, arbitrary: named("cancel", { nth }) },
  { weight: 5, arbitrary: named("retry", { nth }) },
  {
    weight: 4,
    arbitrary: named("top_up", { customer, cents: someCents, key: fc.option(fc.nat(1), { nil: undefined }) }),
  },
  { weight: 4, arbitrary: named("post_again", { nth, more_cents: changeCents }) },
  { weight: 2, arbitrary: named("grant_all", { cents: fc.integer({ min: 1, max: 8 }) }) },
  {
    weight: 4,
    arbitrary: named("adjust", {
      customer,
      cents: fc.integer({ min: -25, max: 15 }).filter((cents) => cents !== 0),
      named: fc.boolean(),
    }),
  },
  {
    weight: 6,
    arbitrary: named("refund", {
      nth,
      cents: fc.option(fc.integer({ min: 1, max: 6 }), { nil: undefined }),
    }),
  },
  { weight: 6, arbitrary: named("refund_again", { nth, more_cents: changeCents }) },
  {
    weight: 3,
    arbitrary: named("chargeback", {
      customer,
      cents: someCents,
      freeze: fc.constantFrom(false, false, true),
    }),
  },
  { weight: 3, arbitrary: named("credit", { customer, cents: fc.nat(20) }) },
  { weight: 3, arbitrary: named("spend_limit", { customer, cents: orNull(fc.nat(50)) }) },
  {
    weight: 2,
    arbitrary: named("threshold", { customer, cents: orNull(fc.integer({ min: -10, max: 30 })) }),
  },
  { weight: 2, arbitrary: named("freeze", { customer }) },
  { weight: 5, arbitrary: named("thaw", { customer }) },
  { weight: 2, arbitrary: named("price", { type, cents: costCents }) },
  { weight: 2, arbitrary: named("own_price", { customer, type, cents: orNull(costCents) }) },
  { weight: 1, arbitrary: fc.constant({ kind: "seal" as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: "audit" as const }) },
);

const setup: fc.Arbitrary<CustomerSetup> = fc.record({
  opening_cents: fc.integer({ min: 0, max: 80 }),
  credit_limit_cents: fc.constantFrom(0, 0, 10),
  low_balance_cents: orNull(fc.integer({ min: 1, max: 40 })),
  monthly_spend_limit_cents: orNull(fc.integer({ min: 10, max: 60 })),
  jobs: fc.nat(4),
  succeeded: fc.nat(2),
});

export const sequence: fc.Arbitrary<Sequence> = fc.record({
  customers: fc.array(setup, { minLength: 2, maxLength: 3 }),
  costs: fc.array(costCents, { minLength: 2, maxLength: 2 }),
  actors: fc.array(fc.array(command, { minLength: 5, maxLength: 14, size: "max" }), {
    minLength: 3,
    maxLength: 4,
  }),
  moves_thresholds: fc.constantFrom(false, false, true),
  seals: fc.constantFrom(false, false, false, false, false, false, true),
});
