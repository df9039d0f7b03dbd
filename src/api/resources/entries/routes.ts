import type { Readable } from "node:stream";
import { z } from "zod";
import { weave } from "../../../core/lib/weave.ts";
import { PAGE_LIMIT_DEFAULT } from "../../../core/model/limits.ts";
import type { Platform } from "../../../core/use-cases/platform.ts";
import { findPeriod } from "../../../core/use-cases/statement.ts";
import type { Api } from "../../http/api.ts";
import { actorOf, adminOnly, ownerOf, refuseForeign } from "../../http/auth.ts";
import { prefersCsv } from "../../http/csv.ts";
import { toPage } from "../../http/cursor.ts";
import { IdParams } from "../../http/fields.ts";
import {
  Adjustment,
  Chargeback,
  EntriesQuery,
  EntryBatch,
  EntryResults,
  Grant,
  NewEntry,
  ONCE,
  TopUp,
  WalletEntry,
  WalletEntryPage,
} from "./contract.ts";
import { statement } from "./statement.ts";
import { StatementSlots } from "./statement-slots.ts";
import {
  createdStatus,
  IdempotencyHeaders,
  idempotencyKeyOf,
  setReplayedHeader,
} from "../../http/idempotency.ts";
import { createErrorBudget } from "../../http/error-budget.ts";
import { toProblem } from "../../http/problems.ts";
import { parseEach } from "../../http/parse-each.ts";
import { invalidField, parse } from "../../http/validation.ts";

const tags = ["Wallets"];

const CSV_TYPE = "text/csv; charset=utf-8; header=present";

/**
 * The entries of a wallet, and every way to post one by hand. Refunds are posted to jobs: see `refundRoutes`.
 */
export function entryRoutes(api: Api, { wallets }: Platform): void {
  const slots = new StatementSlots();

  api.get(
    "/customers/:id/wallet/entries",
    {
      schema: {
        operationId: "listWalletEntries",
        tags,
        summary: "List the entries of a wallet, newest first",
        description:
          "Returns the entries of a period, or all entries. With `Accept: text/csv`, it returns a statement: a header row and one line for each entry, without a page limit unless `limit` is set. The statement of a period is ordered from oldest to newest, between a line with the opening balance and a line with the closing balance. An apostrophe is put before text that a spreadsheet would run as a formula.",
        params: IdParams,
        querystring: EntriesQuery,
        response: {
          200: {
            description: "Returns a page of entries, or the statement as CSV.",
            content: {
              "application/json": { schema: WalletEntryPage },
              "text/csv": { schema: z.custom<Readable>().meta({ type: "string" }) },
            },
          },
        },
        errors: ["not_found", "rate_limited"],
      },
    },
    async (request, reply) => {
      const { params, query } = request;
      refuseForeign(request, params.id);
      if (query.from !== undefined && query.to !== undefined && query.from > query.to)
        throw invalidField("/to", "must not be before `from`");
      const period = await findPeriod(wallets, params.id, query);
      reply.header("vary", "accept");
      if (prefersCsv(request.headers.accept)) {
        const lines = slots.stream(
          ownerOf(request) ?? actorOf(request),
          statement(wallets, params.id, query, period),
        );
        return reply
          .type(CSV_TYPE)
          .header("content-disposition", `attachment; filename="wallet-${params.id}.csv"`)
          .send(lines);
      }
      const limit = query.limit ?? PAGE_LIMIT_DEFAULT;
      const rows = await wallets.listEntries(params.id, {
        limit: limit + 1,
        beforeSeq: Math.min(query.cursor ?? Infinity, period.closing.seq + 1),
        afterSeq: period.opening.seq,
      });
      return {
        ...toPage(rows, limit, (entry) => entry.seq),
        opening_balance_cents: period.opening.balance_cents,
        closing_balance_cents: period.closing.balance_cents,
      };
    },
  );

  api.post(
    "/customers/:id/wallet/top-ups",
    {
      onRequest: adminOnly,
      schema: {
        operationId: "topUpWallet",
        tags,
        summary: "Add paid money to a wallet",
        description: ONCE,
        headers: IdempotencyHeaders,
        params: IdParams,
        body: TopUp,
        response: { 200: WalletEntry, 201: WalletEntry },
        errors: ["not_found", "reference_reused", "idempotency_key_reused"],
      },
    },
    async (request, reply) => {
      const key = idempotencyKeyOf(request, request.body);
      const topUp = { ...request.body, kind: "top_up", customer_id: request.params.id } as const;
      const { entry, replayed } = await wallets.post(topUp, actorOf(request), key);
      setReplayedHeader(request, reply, replayed);
      return reply.code(createdStatus(replayed)).send(entry);
    },
  );

  api.post(
    "/customers/:id/wallet/grants",
    {
      onRequest: adminOnly,
      schema: {
        operationId: "grantCredit",
        tags,
        summary: "Give a customer money that was not paid for",
        description: ONCE,
        params: IdParams,
        body: Grant,
        response: { 200: WalletEntry, 201: WalletEntry },
        errors: ["not_found", "reference_reused"],
      },
    },
    async (request, reply) => {
      const grant = { ...request.body, kind: "grant", customer_id: request.params.id } as const;
      const { entry, replayed } = await wallets.post(grant, actorOf(request));
      return reply.code(createdStatus(replayed)).send(entry);
    },
  );

  api.post(
    "/customers/:id/wallet/adjustments",
    {
      onRequest: adminOnly,
      schema: {
        operationId: "adjustWallet",
        tags,
        summary: "Correct a balance, up or down",
        description: `${ONCE} An adjustment cannot take more than is available: money held for open jobs stays.`,
        params: IdParams,
        body: Adjustment,
        response: { 200: WalletEntry, 201: WalletEntry },
        errors: ["not_found", "reference_reused", "insufficient_funds"],
      },
    },
    async (request, reply) => {
      const adjustment = { ...request.body, kind: "adjustment", customer_id: request.params.id } as const;
      const { entry, replayed } = await wallets.post(adjustment, actorOf(request));
      return reply.code(createdStatus(replayed)).send(entry);
    },
  );

  api.post(
    "/customers/:id/wallet/chargebacks",
    {
      onRequest: adminOnly,
      schema: {
        operationId: "chargeBack",
        tags,
        summary: "Record that a payer took money back",
        description: `${ONCE} A chargeback is recorded whatever the balance is. If what is left does not cover the held money, the wallet is frozen: open jobs go on, new jobs are refused.`,
        params: IdParams,
        body: Chargeback,
        response: { 200: WalletEntry, 201: WalletEntry },
        errors: ["not_found", "reference_reused"],
      },
    },
    async (request, reply) => {
      const { amount_cents, ...body } = request.body;
      const chargeback = {
        ...body,
        amount_cents: -amount_cents,
        kind: "chargeback",
        customer_id: request.params.id,
      } as const;
      const { entry, replayed } = await wallets.post(chargeback, actorOf(request));
      return reply.code(createdStatus(replayed)).send(entry);
    },
  );

  api.post(
    "/wallets/batch",
    {
      onRequest: adminOnly,
      schema: {
        operationId: "postEntries",
        tags,
        summary: "Post up to 1000 top-ups, grants, adjustments and chargebacks",
        description:
          "Each item succeeds or fails on its own, and its reference ensures that it moves money only once. Check the `status` of each result. Pointers in a problem point into that item.",
        body: EntryBatch,
        response: { 200: EntryResults },
      },
    },
    async (request) => {
      const budget = createErrorBudget();
      const { valid, refused } = await parseEach(request.body.postings, (item) =>
        parse(NewEntry, item, budget),
      );
      const posted = await wallets.postAll(valid, actorOf(request));
      const results = weave<(typeof posted)[number]>(refused, posted).map((one) =>
        "entry" in one
          ? { status: one.replayed ? (200 as const) : (201 as const), entry: one.entry }
          : { status: one.refused.status, problem: toProblem(one.refused, request.id, budget) },
      );
      return { results };
    },
  );
}
