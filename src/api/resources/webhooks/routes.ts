import type { FastifyRequest } from "fastify";
import { z } from "zod";
import { PlatformError } from "../../../core/lib/errors.ts";
import { newId } from "../../../core/lib/new-id.ts";
import { createWebhookSecret } from "../../../core/lib/sign-webhook.ts";
import { WEBHOOK_OVERLAP_HOURS, WEBHOOK_SECRET_BYTES } from "../../../core/model/limits.ts";
import { refuseOneOff } from "../../../core/model/job-webhook.ts";
import { webhookEndpointNotFound } from "../../../core/model/not-found.ts";
import { findWebhookUrlFault } from "../../../core/model/webhook-url.ts";
import type { Platform } from "../../../core/use-cases/platform.ts";
import type { Api } from "../../http/api.ts";
import { ownerOf, refuseForeign } from "../../http/auth.ts";
import { toPage } from "../../http/cursor.ts";
import { IdParams } from "../../http/fields.ts";
import {
  CreatedWebhookEndpoint,
  NewWebhookEndpoint,
  RotatedSecret,
  SecretRotation,
  WebhookEndpoint,
  WebhookEndpointChanges,
  WebhookEndpointPage,
  WebhookEndpointsQuery,
} from "./contract.ts";

export const tags = ["Webhooks"];
const HOUR_MS = 3_600_000;

export function webhookEndpointRoutes(api: Api, { webhookEndpoints, webhookRules }: Platform): void {
  const refuseUrl = (url: string | undefined): void => {
    const message = url === undefined ? undefined : findWebhookUrlFault(url, webhookRules);
    if (message !== undefined)
      throw new PlatformError("validation_failed", `/url ${message}`, {
        errors: [{ pointer: "/url", message }],
      });
  };

  api.post(
    "/webhook-endpoints",
    {
      schema: {
        operationId: "createWebhookEndpoint",
        tags,
        summary: "Create a webhook endpoint",
        description:
          "From now on, it is told of the events that it names. Returns the secret with which its deliveries are signed, which is shown only here.",
        body: NewWebhookEndpoint,
        location: "Path of the webhook endpoint.",
        response: { 201: CreatedWebhookEndpoint },
        errors: ["not_found", "unknown_customer", "too_many_endpoints"],
      },
    },
    async (request, reply) => {
      const { url, events, description, payload, customer_id } = request.body;
      refuseForeign(request, customer_id);
      refuseUrl(url);
      const secret = createWebhookSecret(WEBHOOK_SECRET_BYTES);
      const endpoint = await webhookEndpoints.create({
        id: newId(),
        customer_id: ownerOf(request) ?? customer_id ?? null,
        url,
        events,
        description: description ?? null,
        payload,
        secret,
      });
      return reply
        .code(201)
        .header("location", `/webhook-endpoints/${endpoint.id}`)
        .send({ ...endpoint, secret });
    },
  );

  api.get(
    "/webhook-endpoints",
    {
      schema: {
        operationId: "listWebhookEndpoints",
        tags,
        summary: "List webhook endpoints, newest first",
        description:
          "With a customer's key, lists those of that customer. The origins of webhooks of single jobs are listed with `kind=one_off` alone.",
        querystring: WebhookEndpointsQuery,
        response: { 200: WebhookEndpointPage },
      },
    },
    async (request) => {
      const { limit, cursor, kind } = request.query;
      const rows = await webhookEndpoints.list(ownerOf(request), { limit: limit + 1, before: cursor }, kind);
      return toPage(rows, limit, (endpoint) => endpoint.id);
    },
  );

  const find = async (request: FastifyRequest, id: string) => {
    const endpoint = await webhookEndpoints.findById(id, ownerOf(request));
    if (!endpoint) throw webhookEndpointNotFound(id);
    return endpoint;
  };

  api.get(
    "/webhook-endpoints/:id",
    {
      schema: {
        operationId: "getWebhookEndpoint",
        tags,
        summary: "Get a webhook endpoint",
        description: "Returns how it fares. Its secret is never shown again.",
        params: IdParams,
        response: { 200: WebhookEndpoint },
        errors: ["not_found"],
      },
    },
    async (request) => await find(request, request.params.id),
  );

  api.patch(
    "/webhook-endpoints/:id",
    {
      schema: {
        operationId: "updateWebhookEndpoint",
        tags,
        summary: "Change, disable or enable a webhook endpoint",
        description:
          "A disabled endpoint gets no new events. What waits for it is sent when it is enabled again, to its address of then. Of one of the kind `one_off` only `payload` can be changed, and its failures forgotten with `enabled`.",
        params: IdParams,
        body: WebhookEndpointChanges,
        response: { 200: WebhookEndpoint },
        errors: ["not_found", "one_off_endpoint"],
      },
    },
    async (request) => {
      const { id } = request.params;
      const { url, events, description, enabled } = request.body;
      refuseUrl(url);
      if ([url, events, description].some((field) => field !== undefined) || enabled === false)
        refuseOneOff(await find(request, id), "only its payload can be changed, and its failures forgotten");
      const endpoint = await webhookEndpoints.update(id, request.body, ownerOf(request));
      if (!endpoint) throw webhookEndpointNotFound(id);
      return endpoint;
    },
  );

  api.delete(
    "/webhook-endpoints/:id",
    {
      schema: {
        operationId: "deleteWebhookEndpoint",
        tags,
        summary: "Delete a webhook endpoint",
        description:
          "With its secret, its log and what waits for it. After one of the kind `one_off`, jobs that were submitted before tell nothing; the next one that brings a webhook to this origin creates it anew.",
        params: IdParams,
        response: { 204: z.undefined() },
        errors: ["not_found"],
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      if (!(await webhookEndpoints.delete(id, ownerOf(request)))) throw webhookEndpointNotFound(id);
      return reply.code(204).send();
    },
  );

  api.post(
    "/webhook-endpoints/:id/rotate-secret",
    {
      schema: {
        operationId: "rotateWebhookSecret",
        tags,
        summary: "Replace the secret of a webhook endpoint",
        description:
          "Returns the new secret, which is shown only here. For a while deliveries are signed with both, so that the receiver can change over. Replaced twice, the oldest ends at once.",
        params: IdParams,
        body: SecretRotation.nullable(),
        response: { 200: RotatedSecret },
        errors: ["not_found", "one_off_endpoint"],
      },
    },
    async (request) => {
      const { id } = request.params;
      refuseOneOff(await find(request, id), "it has no secret of its own");
      const overlap_hours = request.body?.overlap_hours ?? WEBHOOK_OVERLAP_HOURS;
      const secret = createWebhookSecret(WEBHOOK_SECRET_BYTES);
      if (!(await webhookEndpoints.rotateSecret(id, secret, overlap_hours, ownerOf(request))))
        throw webhookEndpointNotFound(id);
      return { secret, old_secret_until: new Date(Date.now() + overlap_hours * HOUR_MS).toISOString() };
    },
  );
}
