import type { z } from "zod";
import { PlatformError } from "../../../core/lib/errors.ts";
import type { Platform } from "../../../core/use-cases/platform.ts";
import type { Api } from "../../http/api.ts";
import { ADMIN_ACTOR, adminOnly } from "../../http/auth.ts";
import { IdParams } from "../../http/fields.ts";
import {
  Adjustment,
  Chargeback,
  Grant,
  Posting,
  PostingBatch,
  PostingResults,
  Refund,
  TopUp,
  WalletEntry,
} from "../wallets/contract.ts";
import { IdempotencyHeaders, idempotencyKeyOf, madeOrReplayed } from "../../http/idempotency.ts";
import { toProblem } from "../../http/problems.ts";
import { refusalOr } from "../../http/refusal-or.ts";
import { parse } from "../../http/validation.ts";

const tags = ["Wallets"];

const ONCE =
  "201: the money moved. 200: this reference moved the same before; the answer is that first entry, and nothing moved.";

/** Every way in which somebody moves money by hand. */
export function postingRoutes(api: Api, { wallets }: Platform): void {
  api.post(
    "/customers/:id/wallet/top-ups",
    {
      onRequest: adminOnly,
      schema: {
        operationId: "topUpWallet",
        tags,
        summary: "Add money to a wallet",
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
      const { entry, replayed } = await wallets.post(topUp, ADMIN_ACTOR, key);
      return reply.code(madeOrReplayed(request, reply, replayed)).send(entry);
    },
  );

  api.post(
    "/customers/:id/wallet/grants",
    {
      onRequest: adminOnly,
      schema: {
        operationId: "grantCredit",
        tags,
        summary: "Give a customer money that nobody paid",
        description: ONCE,
        params: IdParams,
        body: Grant,
        response: { 200: WalletEntry, 201: WalletEntry },
        errors: ["not_found", "reference_reused"],
      },
    },
    async (request, reply) => {
      const grant = { ...request.body, kind: "grant", customer_id: request.params.id } as const;
      const { entry, replayed } = await wallets.post(grant, ADMIN_ACTOR);
      return reply.code(replayed ? 200 : 201).send(entry);
    },
  );

  api.post(
    "/customers/:id/wallet/adjustments",
    {
      onRequest: adminOnly,
      schema: {
        operationId: "adjustWallet",
        tags,
        summary: "Correct a balance, up or down, with a reason",
        description: `${ONCE} It cannot take more than is available: what is held for open jobs stays.`,
        params: IdParams,
        body: Adjustment,
        response: { 200: WalletEntry, 201: WalletEntry },
        errors: ["not_found", "reference_reused", "insufficient_funds"],
      },
    },
    async (request, reply) => {
      const adjustment = { ...request.body, kind: "adjustment", customer_id: request.params.id } as const;
      const { entry, replayed } = await wallets.post(adjustment, ADMIN_ACTOR);
      return reply.code(replayed ? 200 : 201).send(entry);
    },
  );

  api.post(
    "/customers/:id/wallet/chargebacks",
    {
      onRequest: adminOnly,
      schema: {
        operationId: "chargeBack",
        tags,
        summary: "Note that a payer took money back",
        description: `${ONCE} A fact, so it is recorded whatever the balance is; where it leaves less than the wallet holds and owes, the wallet is frozen: open jobs go on, new ones are refused.`,
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
      const { entry, replayed } = await wallets.post(chargeback, ADMIN_ACTOR);
      return reply.code(replayed ? 200 : 201).send(entry);
    },
  );

  api.post(
    "/wallets/batch",
    {
      onRequest: adminOnly,
      schema: {
        operationId: "postEntries",
        tags,
        summary: "Up to 1000 top-ups, grants, adjustments and chargebacks",
        description:
          "Each stands alone, and its reference keeps it from moving twice. Look at the `status` of each result; pointers in its problem are into that item.",
        body: PostingBatch,
        response: { 200: PostingResults },
      },
    },
    async (request) => {
      const parsed = request.body.postings.map((item) => refusalOr(() => parse(Posting, item)));
      const answers = (
        await wallets.postAll(
          parsed.filter((one): one is z.output<typeof Posting> => !(one instanceof PlatformError)),
          ADMIN_ACTOR,
        )
      ).values();
      const results = parsed.map((one) => {
        const answer = one instanceof PlatformError ? { refused: one } : answers.next().value;
        if (!answer) throw new Error("postAll answered less than it was asked");
        if ("entry" in answer)
          return { status: answer.replayed ? (200 as const) : (201 as const), entry: answer.entry };
        return { status: answer.refused.status, problem: toProblem(answer.refused, request.id) };
      });
      return { results };
    },
  );

  api.post(
    "/jobs/:id/refunds",
    {
      onRequest: adminOnly,
      schema: {
        operationId: "refundJob",
        tags,
        summary: "Give back what a job was charged, in part or whole",
        description: `${ONCE} All refunds of a job together never exceed its charge.`,
        params: IdParams,
        body: Refund,
        response: { 200: WalletEntry, 201: WalletEntry },
        errors: ["not_found", "reference_reused", "refund_exceeds_charge"],
      },
    },
    async (request, reply) => {
      const { reason = null, ...body } = request.body;
      const refund = { ...body, reason, job_id: request.params.id };
      const { entry, replayed } = await wallets.refund(refund, ADMIN_ACTOR);
      return reply.code(replayed ? 200 : 201).send(entry);
    },
  );
}
