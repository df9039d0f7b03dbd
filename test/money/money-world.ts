import { v7 as uuidv7 } from "uuid";
import type { OpenPlatform } from "../../src/bin/open-platform.ts";
import { PlatformError } from "../../src/core/lib/errors.ts";
import { type IdempotencyKey, toIdempotencyKey } from "../../src/core/model/idempotency.ts";
import type { ClaimedJob, JobRepository, Outcome, Submitted } from "../../src/core/model/job.ts";
import { retryJob } from "../../src/core/use-cases/retry-job.ts";
import { type SubmitJob, submitJobs } from "../../src/core/use-cases/submit-jobs.ts";
import type { Posted, Posting, Refund, WalletEntry } from "../../src/core/model/wallet.ts";
import {
  type ClaimSource,
  type Command,
  REFUSALS,
  type Sequence,
  type SettleKind,
} from "./money-commands.ts";
import type { Tally } from "./money-tally.ts";
import { brokenPromises, createRunner } from "../support/test-platform.ts";

interface KeyedPosting {
  readonly posting: Posting;
  readonly key?: IdempotencyKey | undefined;
}

/** One of those who act at the same time. */
export interface Actor {
  readonly platform: OpenPlatform;
  runner: string;
}

/** The customers and job types of one sequence, and every answer that was given about them. */
export class MoneyWorld {
  readonly #actors: readonly Actor[];
  readonly #tally: Tally;
  readonly #sequence: Sequence;
  readonly #types: readonly string[];
  readonly #keyed: { readonly requests: readonly SubmitJob[]; readonly key: number }[] = [];
  readonly #postings: KeyedPosting[] = [];
  readonly #refunds: Refund[] = [];
  readonly #claims: ClaimedJob[] = [];
  #unsettled: ClaimedJob[] = [];
  #names = 0;

  readonly customers: readonly string[];
  /** Jobs that were stored by a submission: not those that a key answered again. */
  readonly jobs: string[] = [];
  /** By key and item: the jobs answered, and how many of them as new. */
  readonly made = new Map<string, { readonly ids: Set<string>; fresh: number }>();
  /** What settled, by job and attempt. */
  readonly settled = new Map<string, Outcome>();
  /** Entries as they were answered. */
  readonly posted: WalletEntry[] = [];
  readonly replayed: WalletEntry[] = [];

  private constructor(
    actors: readonly Actor[],
    tally: Tally,
    sequence: Sequence,
    ids: { customers: readonly string[]; types: readonly string[] },
  ) {
    this.#actors = actors;
    this.#tally = tally;
    this.#sequence = sequence;
    this.#types = ids.types;
    this.customers = ids.customers;
  }

  static async open(actors: readonly Actor[], tally: Tally, sequence: Sequence): Promise<MoneyWorld> {
    const platform = at(actors, 0).platform;
    const ids = {
      customers: sequence.customers.map(() => uuidv7()),
      types: sequence.costs.map(() => uuidv7()),
    };
    const world = new MoneyWorld(actors, tally, sequence, ids);
    await Promise.all([
      ...sequence.costs.map((standard_cost_cents, index) => {
        const id = at(ids.types, index);
        const jobType = { id, name: `Type ${id}`, processing_logic_id: "echo", standard_cost_cents };
        return platform.jobTypes.create(jobType);
      }),
      ...sequence.customers.map(async (setup, index) => {
        const { opening_cents, credit_limit_cents, low_balance_cents, monthly_spend_limit_cents } = setup;
        const id = at(ids.customers, index);
        await platform.customers.create({ id, name: "Customer", email: "test@example.com", currency: "EUR" });
        await platform.wallets.update(id, {
          credit_limit_cents,
          low_balance_cents,
          monthly_spend_limit_cents,
        });
        if (opening_cents === 0) return;
        const opening = { customer_id: id, amount_cents: opening_cents, reference: "opening" };
        world.note(await platform.wallets.topUp(opening), opening);
      }),
    ]);
    await world.#begin();
    return world;
  }

  /** What has happened before: some jobs run, and some have succeeded. */
  async #begin(): Promise<void> {
    const actor = at(this.#actors, 0);
    const setups = this.#sequence.customers;
    const requests = setups.flatMap(({ jobs }, customer) =>
      this.#requests({ customer, types: Array.from({ length: jobs }, (_none, nth) => nth % 2) }),
    );
    if (requests.length === 0) return;
    await this.#submit(actor.platform, requests, undefined, false);
    await this.#claim(actor, { max: requests.length, from: "next" });
    const succeeded = this.customers.flatMap((id, index) =>
      this.#unsettled.filter((job) => job.customer_id === id).slice(0, at(setups, index).succeeded),
    );
    this.#unsettled = this.#unsettled.filter((attempt) => !succeeded.includes(attempt));
    await this.#settle(
      actor.platform,
      succeeded.map((attempt) => toOutcome(attempt, "succeeded", undefined, false)),
    );
  }

  /** All actors at once, each one command after the other. */
  async run(): Promise<void> {
    const ends = await Promise.allSettled(
      this.#sequence.actors.map(async (commands, index) => {
        const actor = at(this.#actors, index);
        for (const command of commands) await this.#run(actor, command);
      }),
    );
    // Not before all have ended: nobody may go on in the next sequence.
    for (const end of ends) if (end.status === "rejected") throw end.reason;
  }

  /** Ends what is open, so that the next sequence claims its own jobs only. */
  async close(): Promise<void> {
    const { platform } = at(this.#actors, 0);
    for (const customer_id of this.customers) {
      const jobs = await platform.jobs.list({ customer_id }, { limit: 1_000 });
      const open = jobs.filter(({ status }) => status === "pending" || status === "running");
      await Promise.all(open.map((job) => platform.jobs.cancel(job.id)));
    }
  }

  async #run(actor: Actor, command: Command): Promise<void> {
    this.#tally.commands += 1;
    const answers = await this.#answer(actor, command).catch((error: unknown) => {
      if (error instanceof PlatformError) return [error.code];
      throw error;
    });
    const expected: readonly string[] = ["ok", "idle", ...REFUSALS[command.kind]];
    for (const answer of answers) {
      if (!expected.includes(answer)) throw new Error(`${command.kind} was answered ${answer}`);
      this.#tally.add(command.kind, answer);
    }
  }

  async #answer(actor: Actor, command: Command): Promise<readonly string[]> {
    const { platform } = actor;
    switch (command.kind) {
      case "submit":
        return await this.#submit(platform, this.#requests(command), undefined, command.grouped);
      case "submit_keyed": {
        const { key, grouped } = command;
        const requests = this.#requests(command);
        this.#keyed.push({ requests, key });
        return await this.#submit(platform, requests, key, grouped);
      }
      case "submit_again": {
        const before = pick(this.#keyed, command.nth);
        if (!before) return ["idle"];
        const requests = command.other_body
          ? before.requests.map((request) => ({ ...request, input_data: { other: true } }))
          : before.requests;
        return await this.#submit(platform, requests, before.key, command.grouped);
      }
      case "claim":
        return await this.#claim(actor, command);
      case "settle": {
        const { later, as, cost_cents } = command;
        const attempts = new Map(
          command.nths.flatMap((nth) => {
            const attempt = pick(this.#unsettled, nth);
            return attempt ? [[attempt.id, attempt]] : [];
          }),
        );
        this.#unsettled = this.#unsettled.filter((attempt) => attempts.get(attempt.id) !== attempt);
        const outcomes = [...attempts.values()].map((attempt) => toOutcome(attempt, as, cost_cents, later));
        return await this.#settle(platform, outcomes);
      }
      case "settle_again": {
        const attempt = pick(this.#claims, command.nth);
        if (!attempt) return ["idle"];
        const before = this.settled.get(nameOf(attempt));
        const outcome =
          command.as === "same"
            ? (before ?? toOutcome(attempt, "succeeded", undefined, false))
            : toOutcome(attempt, command.as, undefined, false);
        return await this.#settle(platform, [outcome]);
      }
      case "lose_runners":
        await platform.runners.rescue({ lease_ms: 0, lostMax: 3, leasesMax: 20 });
        return ["ok"];
      case "cancel": {
        const job = pick(this.jobs, command.nth);
        if (job === undefined) return ["idle"];
        const outcome = await platform.jobs.cancel(job);
        return [outcome === "cancelled" ? "ok" : outcome];
      }
      case "retry": {
        const id = pick(this.jobs, command.nth);
        if (id === undefined) return ["idle"];
        const job = await retryJob(platform, id);
        if (job.retry_of !== id) throw new Error("a retry does not name what it retries");
        this.jobs.push(job.id);
        return ["ok"];
      }
      case "top_up": {
        const { cents: amount_cents, key } = command;
        const customer_id = this.#customer(command.customer);
        const posting: Posting = { customer_id, kind: "top_up", amount_cents, reference: this.#name() };
        return await this.#post(platform, posting, key === undefined ? undefined : { name: key });
      }
      case "post_again": {
        const before = pick(this.#postings, command.nth);
        if (!before) return ["idle"];
        const { amount_cents } = before.posting;
        // Away from zero, so that the sign stays the kind's.
        const more_cents = amount_cents < 0 ? -command.more_cents : command.more_cents;
        const posting = { ...before.posting, amount_cents: amount_cents + more_cents };
        const key = before.key && { ...before.key, request_hash: toHash(posting) };
        return noted(await platform.wallets.post(posting, "test", key), posting, this);
      }
      case "grant_all": {
        const grants = this.customers.map((customer_id): Posting => ({
          customer_id,
          kind: "grant",
          amount_cents: command.cents,
          reference: this.#name(),
        }));
        this.#postings.push(...grants.map((posting) => ({ posting })));
        const answers = await platform.wallets.postAll(grants, "test");
        return answers.map((answer) => {
          if ("refused" in answer) return answer.refused.code;
          this.note(answer, { amount_cents: command.cents });
          return "ok";
        });
      }
      case "adjust": {
        const customer_id = this.#customer(command.customer);
        const reference = command.named ? this.#name() : null;
        const reason = "to make it right";
        return await this.#post(platform, {
          customer_id,
          kind: "adjustment",
          amount_cents: command.cents,
          reference,
          reason,
        });
      }
      case "refund": {
        const job_id = pick(this.#charged(), command.nth);
        if (job_id === undefined) return ["idle"];
        const refund: Refund = {
          job_id,
          amount_cents: command.cents,
          reference: this.#name(),
          reason: null,
        };
        this.#refunds.push(refund);
        return noted(await platform.wallets.refund(refund, "test"), refund, this);
      }
      case "refund_again": {
        const before = pick(this.#refunds, command.nth);
        if (!before) return ["idle"];
        const { amount_cents = 0 } = before;
        const again =
          command.more_cents === 0 ? before : { ...before, amount_cents: amount_cents + command.more_cents };
        return noted(await platform.wallets.refund(again, "test"), again, this);
      }
      case "chargeback": {
        const { cents, freeze } = command;
        const customer_id = this.#customer(command.customer);
        const reference = this.#name();
        return await this.#post(platform, {
          customer_id,
          kind: "chargeback",
          amount_cents: -cents,
          reference,
          freeze,
        });
      }
      case "credit":
        await platform.wallets.update(this.#customer(command.customer), {
          credit_limit_cents: command.cents,
        });
        return ["ok"];
      case "spend_limit":
        await platform.wallets.update(this.#customer(command.customer), {
          monthly_spend_limit_cents: command.cents,
        });
        return ["ok"];
      case "threshold":
        if (!this.#sequence.moves_thresholds) return ["idle"];
        await platform.wallets.update(this.#customer(command.customer), {
          low_balance_cents: command.cents,
        });
        return ["ok"];
      case "freeze":
      case "thaw":
        await platform.wallets.update(this.#customer(command.customer), {
          frozen: command.kind === "freeze",
        });
        return ["ok"];
      case "price":
        await platform.jobTypes.update(at(this.#types, command.type), { standard_cost_cents: command.cents });
        return ["ok"];
      case "own_price": {
        const [customer_id, job_type_id] = [this.#customer(command.customer), at(this.#types, command.type)];
        if (command.cents === null) await platform.prices.endForCustomer(job_type_id, customer_id);
        else await platform.prices.setForCustomer({ customer_id, job_type_id, cost_cents: command.cents });
        return ["ok"];
      }
      case "seal":
        await platform.seals.sealNext(undefined);
        return ["ok"];
      case "audit": {
        const broken = await brokenPromises(platform);
        if (broken.length > 0) throw new Error(`broken while jobs run: ${broken.join(", ")}`);
        return ["ok"];
      }
    }
  }

  #requests({ customer, types }: { customer: number; types: readonly number[] }): SubmitJob[] {
    const customer_id = this.#customer(customer);
    return types.map((type) => ({ customer_id, job_type_id: at(this.#types, type), input_data: {} }));
  }

  /** Through the group commit, where the actors of a platform meet in one batch, or straight. */
  async #submit(
    platform: OpenPlatform,
    bodies: readonly SubmitJob[],
    keyName: number | undefined,
    grouped: boolean,
  ): Promise<readonly string[]> {
    const owner = bodies[0]?.customer_id ?? "";
    const key = keyName === undefined ? undefined : toIdempotencyKey(owner, `key ${keyName}`, bodies);
    const requests = bodies.map((body, item) => (key ? { ...body, key: { ...key, item } } : body));
    const answers = grouped
      ? await submitJobs(platform, requests)
      : await platform.jobs.submit(
          requests.map(({ webhook: _none, ...request }) => ({ ...request, id: uuidv7(), priority: 1 })),
          { 0: false, 1: false, 2: false },
        );
    return answers.map((answer, item) => this.#noteSubmitted(answer, key && `${key.id}/${item}`));
  }

  #noteSubmitted(answer: Submitted, item: string | undefined): string {
    if ("refused" in answer) return answer.refused.code;
    if (answer.replayed !== true) this.jobs.push(answer.job.id);
    else if (item === undefined) throw new Error("a job without a key was replayed");
    if (item !== undefined) {
      const made = this.made.get(item) ?? { ids: new Set(), fresh: 0 };
      made.ids.add(answer.job.id);
      made.fresh += answer.replayed === true ? 0 : 1;
      this.made.set(item, made);
    }
    return "ok";
  }

  async #claim(actor: Actor, claim: { max: number; from: ClaimSource }): Promise<readonly string[]> {
    const { platform, runner: runner_id } = actor;
    try {
      const claimed = await this.#claimFrom(platform.jobs, runner_id, claim);
      this.#claims.push(...claimed);
      this.#unsettled.push(...claimed);
      return [claimed.length > 0 ? "ok" : "idle"];
    } catch (error) {
      if (!(error instanceof PlatformError) || error.code !== "runner_unknown") throw error;
      // Declared dead: as a runner does, under a new id.
      actor.runner = await createRunner(platform);
      return [error.code, ...(await this.#claim(actor, claim))];
    }
  }

  #claimFrom(
    jobs: JobRepository,
    runner_id: string,
    { max, from }: { max: number; from: ClaimSource },
  ): Promise<ClaimedJob[]> {
    switch (from) {
      case "ids":
        return jobs.claim({ runner_id, ids: this.jobs.slice(-max * 3) });
      case "next":
        return jobs.claimTurns({ runner_id, max });
      case "backlog":
        return jobs.claimTurns({ runner_id, max });
    }
  }

  async #settle(platform: OpenPlatform, outcomes: readonly Outcome[]): Promise<readonly string[]> {
    if (outcomes.length === 0) return ["idle"];
    const refusals = await platform.jobs.settle(outcomes);
    return outcomes.map((outcome) => {
      const refusal = refusals.find(({ id }) => id === outcome.id);
      if (refusal) return refusal.reason;
      const name = nameOf(outcome);
      if (this.settled.has(name)) throw new Error(`attempt ${name} was settled twice`);
      this.settled.set(name, outcome);
      return "ok";
    });
  }

  async #post(platform: OpenPlatform, posting: Posting, key?: { name: number }): Promise<readonly string[]> {
    const whole = key && {
      ...toIdempotencyKey(posting.customer_id, `posting ${key.name}`, posting),
      request_hash: toHash(posting),
    };
    // Without a reference it would be another movement.
    if (posting.reference !== null) this.#postings.push({ posting, key: whole });
    return noted(await platform.wallets.post(posting, "test", whole), posting, this);
  }

  note({ entry, replayed }: Posted, asked: { amount_cents?: number | undefined }): void {
    if (asked.amount_cents !== undefined && entry.amount_cents !== asked.amount_cents)
      throw new Error(`${asked.amount_cents} cents were to be moved, and ${entry.amount_cents} were`);
    (replayed ? this.replayed : this.posted).push(entry);
  }

  #charged(): string[] {
    const succeeded = [...this.settled.values()].filter((outcome) => outcome.kind === "succeeded");
    // Now and then one that was not charged.
    return [...succeeded.map((outcome) => outcome.id), ...this.jobs.slice(0, 1)];
  }

  #customer(nth: number): string {
    return pick(this.customers, nth) ?? "";
  }

  #name(): string {
    this.#names += 1;
    return `reference ${this.#names}`;
  }
}

function noted(
  posted: Posted,
  asked: { amount_cents?: number | undefined },
  world: MoneyWorld,
): readonly string[] {
  world.note(posted, asked);
  return ["ok"];
}

function toOutcome(
  { id, attempt }: ClaimedJob,
  kind: SettleKind,
  cost_cents: number | undefined,
  later: boolean,
): Outcome {
  const error = { code: "test", message: "It failed." };
  switch (kind) {
    case "succeeded":
      return { id, attempt, kind, output: null, cost_cents };
    case "failed":
      return { id, attempt, kind, error };
    case "retry":
      return { id, attempt, kind, error, delay_ms: later ? 60_000 : 0 };
    case "released":
    case "cancelled":
      return { id, attempt, kind };
  }
}

function toHash(posting: Posting): string {
  return toIdempotencyKey("", "", posting).request_hash;
}

function nameOf({ id, attempt }: { id: string; attempt: number }): string {
  return `${id}/${attempt}`;
}

function pick<T>(list: readonly T[], nth: number): T | undefined {
  return list[nth % Math.max(1, list.length)];
}

function at<T>(list: readonly T[], index: number): T {
  const found = list[index];
  if (found === undefined) throw new Error(`there is no ${index} of ${list.length}`);
  return found;
}
