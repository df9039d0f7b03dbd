import { newId } from "../../../core/lib/new-id.ts";
import { bulkActionNotFound } from "../../../core/model/not-found.ts";
import type { Platform } from "../../../core/use-cases/platform.ts";
import type { Api } from "../../http/api.ts";
import { ownerOf, refuseForeign } from "../../http/auth.ts";
import { toPage } from "../../http/cursor.ts";
import { IdParams, NoBody, PageQuery } from "../../http/fields.ts";
import {
  createdStatus,
  IdempotencyHeaders,
  idempotencyKeyOf,
  setReplayedHeader,
} from "../../http/idempotency.ts";
import { BulkAction, BulkActionPage, NewBulkAction } from "./contract.ts";

const tags = ["Jobs"];

export function bulkActionRoutes(api: Api, { bulkActions }: Platform): void {
  api.post(
    "/bulk-actions",
    {
      schema: {
        operationId: "createBulkAction",
        tags,
        summary: "Cancel or retry all jobs that match a filter",
        description:
          "Returns at once what is expected; runners do the work, in batches, and go on after a crash. Each job is changed once. A retry creates new jobs at the prices of today, each with a hold, as `POST /jobs/{id}/retry` does; a job that was retried before is skipped. With `dry_run`, it only counts. It is kept for 30 days after its end, and a dry run for one. With a customer's key, it reaches only the jobs of that customer.",
        headers: IdempotencyHeaders,
        body: NewBulkAction,
        location: "Path of the bulk action.",
        response: { 200: BulkAction, 201: BulkAction },
        errors: ["not_found", "idempotency_key_reused", "rate_limited"],
      },
    },
    async (request, reply) => {
      const { action: kind, filter, dry_run: isPreview } = request.body;
      refuseForeign(request, filter.customer_id);
      const ids = filter.ids && [...new Set(filter.ids)];
      const { action, replayed } = await bulkActions.create(
        { id: newId(), action: kind, owner_id: ownerOf(request), filter: { ...filter, ids }, isPreview },
        idempotencyKeyOf(request, request.body),
      );
      setReplayedHeader(request, reply, replayed);
      return reply
        .code(createdStatus(replayed))
        .header("location", `/bulk-actions/${action.id}`)
        .send(action);
    },
  );

  api.get(
    "/bulk-actions",
    {
      schema: {
        operationId: "listBulkActions",
        tags,
        summary: "List bulk actions, newest first",
        description: "With a customer's key, lists those of that customer.",
        querystring: PageQuery,
        response: { 200: BulkActionPage },
      },
    },
    async (request) => {
      const { limit, cursor } = request.query;
      const rows = await bulkActions.list(ownerOf(request), { limit: limit + 1, before: cursor });
      return toPage(rows, limit, (action) => action.id);
    },
  );

  api.get(
    "/bulk-actions/:id",
    {
      schema: {
        operationId: "getBulkAction",
        tags,
        summary: "Get a bulk action",
        description: "Returns how far it is. It has ended when `ended_at` is set.",
        params: IdParams,
        response: { 200: BulkAction },
        errors: ["not_found"],
      },
    },
    async (request) => {
      const { id } = request.params;
      const action = await bulkActions.findById(id, ownerOf(request));
      if (!action) throw bulkActionNotFound(id);
      return action;
    },
  );

  api.post(
    "/bulk-actions/:id/stop",
    {
      schema: {
        operationId: "stopBulkAction",
        tags,
        summary: "Stop a bulk action",
        description:
          "No further batch begins. What it has done stays. Stopping one that has ended changes nothing.",
        params: IdParams,
        body: NoBody,
        response: { 200: BulkAction },
        errors: ["not_found"],
      },
    },
    async (request) => {
      const { id } = request.params;
      await bulkActions.stop(id, ownerOf(request));
      const action = await bulkActions.findById(id, ownerOf(request));
      if (!action) throw bulkActionNotFound(id);
      return action;
    },
  );
}
