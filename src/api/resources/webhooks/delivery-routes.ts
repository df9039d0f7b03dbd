import { newId } from "../../../core/lib/new-id.ts";
import { webhookIdOf } from "../../../core/lib/sign-webhook.ts";
import { refuseOneOff } from "../../../core/model/job-webhook.ts";
import { webhookDeliveryNotFound, webhookEndpointNotFound } from "../../../core/model/not-found.ts";
import { WEBHOOK_EXAMPLES } from "../../../core/model/webhook-examples.ts";
import type { Platform } from "../../../core/use-cases/platform.ts";
import { webhookBody } from "../../../core/use-cases/webhook-body.ts";
import type { Api } from "../../http/api.ts";
import { ownerOf } from "../../http/auth.ts";
import { toPage } from "../../http/cursor.ts";
import { IdParams, NoBody } from "../../http/fields.ts";
import {
  DeliveriesQuery,
  ReplayedDeliveries,
  ShownWebhookDelivery,
  WebhookDelivery,
  WebhookDeliveryPage,
  WebhookReplay,
  WebhookTest,
} from "./contract.ts";
import { tags } from "./routes.ts";

export function webhookDeliveryRoutes(api: Api, { webhookEndpoints, webhookDeliveries }: Platform): void {
  api.post(
    "/webhook-endpoints/:id/test",
    {
      schema: {
        operationId: "testWebhookEndpoint",
        tags,
        summary: "Send a test event",
        description:
          "Sends an example of an event, as the catalogue has it. It is tried once, and says nothing about the health of the endpoint.",
        params: IdParams,
        body: WebhookTest.nullable(),
        location: "Path of the delivery.",
        response: { 201: WebhookDelivery },
        errors: ["not_found", "one_off_endpoint"],
      },
    },
    async (request, reply) => {
      const owner = ownerOf(request);
      const endpoint = await webhookEndpoints.findById(request.params.id, owner);
      if (endpoint) refuseOneOff(endpoint, "there is no address to test");
      const type = request.body?.type ?? endpoint?.events[0];
      if (!endpoint || !type) throw webhookEndpointNotFound(request.params.id);
      const id = newId();
      await webhookDeliveries.addTest({ id, endpoint_id: endpoint.id, type, data: WEBHOOK_EXAMPLES[type] });
      const delivery = await webhookDeliveries.findById(id, owner);
      // Somebody deleted the endpoint just now.
      if (!delivery) throw webhookEndpointNotFound(request.params.id);
      return reply.code(201).header("location", `/webhook-deliveries/${id}`).send(delivery);
    },
  );

  api.get(
    "/webhook-endpoints/:id/deliveries",
    {
      schema: {
        operationId: "listWebhookDeliveries",
        tags,
        summary: "List the deliveries of a webhook endpoint, newest first",
        description: "They are kept for 30 days, with the answers of their last ten tries.",
        params: IdParams,
        querystring: DeliveriesQuery,
        response: { 200: WebhookDeliveryPage },
        errors: ["not_found"],
      },
    },
    async (request) => {
      const { id } = request.params;
      const { status, limit, cursor } = request.query;
      if (!(await webhookEndpoints.findById(id, ownerOf(request)))) throw webhookEndpointNotFound(id);
      const rows = await webhookDeliveries.list(id, status, { limit: limit + 1, before: cursor });
      return toPage(rows, limit, (delivery) => delivery.id);
    },
  );

  api.post(
    "/webhook-endpoints/:id/replay",
    {
      schema: {
        operationId: "replayWebhookDeliveries",
        tags,
        summary: "Send again what failed since a time",
        description:
          "Up to 10,000 deliveries, oldest first, each once more under its own `webhook-id`. While `next_since` is a time, there are more: send it as the next `since`. Events of a time when the endpoint was disabled or did not exist were not written, and cannot be replayed.",
        params: IdParams,
        body: WebhookReplay,
        response: { 200: ReplayedDeliveries },
        errors: ["not_found"],
      },
    },
    async (request) => {
      const { id } = request.params;
      const { since, all } = request.body;
      if (!(await webhookEndpoints.findById(id, ownerOf(request)))) throw webhookEndpointNotFound(id);
      return await webhookDeliveries.replay(id, since, all);
    },
  );

  api.get(
    "/webhook-deliveries/:id",
    {
      schema: {
        operationId: "getWebhookDelivery",
        tags,
        summary: "Get a delivery, with what is sent",
        description: "Returns the body as it is sent, and the answers of the last ten tries.",
        params: IdParams,
        response: { 200: ShownWebhookDelivery },
        errors: ["not_found"],
      },
    },
    async (request) => {
      const { id } = request.params;
      const delivery = await webhookDeliveries.findById(id, ownerOf(request));
      const told = delivery && (await webhookDeliveries.findTold(id));
      if (!delivery || !told) throw webhookDeliveryNotFound(id);
      const body = webhookBody({ ...delivery, payload: told.payload }, told.subject);
      return { ...delivery, request: body === undefined ? null : { webhook_id: webhookIdOf(id), body } };
    },
  );

  api.post(
    "/webhook-deliveries/:id/resend",
    {
      schema: {
        operationId: "resendWebhookDelivery",
        tags,
        summary: "Send a delivery once more, at once",
        description:
          "Under its own `webhook-id`, signed with the current secret. One that had ended, or whose endpoint is disabled or paused, is tried once, and says nothing about the health of the endpoint.",
        params: IdParams,
        body: NoBody,
        response: { 200: WebhookDelivery },
        errors: ["not_found"],
      },
    },
    async (request) => {
      const { id } = request.params;
      const delivery = await webhookDeliveries.resend(id, ownerOf(request));
      if (!delivery) throw webhookDeliveryNotFound(id);
      return delivery;
    },
  );
}
