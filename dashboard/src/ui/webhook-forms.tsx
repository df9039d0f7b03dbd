import type { Api } from "../api-types.gen.ts";
import { ask, post } from "../lib/http.ts";
import { go, pageUrl } from "../lib/place.ts";
import { CopyId } from "./copy-id.tsx";
import { openForm } from "./form-dialog.tsx";
import { Text } from "./text.tsx";

type Endpoint = Api["WebhookEndpoint"];

const EVENTS = "job.finished";
const ALL_EVENTS =
  "job.succeeded, job.failed, job.cancelled, job.finished, wallet.low, wallet.frozen, wallet.topped_up, endpoint.disabled";

const PAYLOAD = {
  name: "payload",
  label: "Payload",
  kind: "select",
  value: "full",
  options: [
    { value: "full", label: "full: the job, as far as it is small" },
    { value: "thin", label: "thin: which job it is, its status and path" },
  ],
} as const;

export function createEndpoint(reload: () => void): void {
  openForm({
    title: "New webhook endpoint",
    explain: <p>Events are posted to it, signed. The secret for that is shown once.</p>,
    fields: [
      { name: "url", label: "Address", isRequired: true, hint: "https, with a path of yours" },
      { name: "events", label: "Events", value: EVENTS, isRequired: true, hint: `Some of ${ALL_EVENTS}` },
      { name: "description", label: "Description" },
      PAYLOAD,
    ],
    submit: "Create",
    run: async ({ url, events, description, payload }) => {
      const words = (events ?? "").split(/[\s,]+/).filter((word) => word !== "");
      const { secret } = await post<Api["CreatedWebhookEndpoint"]>("/webhook-endpoints", {
        url,
        events: words,
        payload,
        ...(description ? { description } : {}),
      });
      reload();
      queueMicrotask(() => showSecret(secret));
      return undefined;
    },
  });
}

function showSecret(secret: string): void {
  openForm({
    title: "The secret",
    explain: (
      <>
        <p>Copy it now, to verify what arrives: nobody can show it again.</p>
        <p>
          <CopyId id={secret} />
        </p>
      </>
    ),
    submit: "I have it",
    run: () => Promise.resolve(undefined),
  });
}

export function rotateSecret(endpoint: Endpoint): void {
  openForm({
    title: "Replace the secret?",
    explain: <p>Deliveries are signed with both secrets for a day. Then the old one ends.</p>,
    submit: "Replace",
    run: async () => {
      const { secret } = await post<Api["RotatedSecret"]>(
        `/webhook-endpoints/${endpoint.id}/rotate-secret`,
        {},
      );
      queueMicrotask(() => showSecret(secret));
      return undefined;
    },
  });
}

/** Of all webhooks that jobs of a customer bring with them. */
export function rotateJobSecret(customer_id: string): void {
  openForm({
    title: "A new secret for the webhooks of single jobs?",
    explain: (
      <p>
        All of them are signed with one secret, which is shown once. One that you have signs as well for a
        day.
      </p>
    ),
    submit: "Get a new one",
    run: async () => {
      const { secret } = await post<Api["JobWebhookSecret"]>(
        `/customers/${customer_id}/rotate-webhook-secret`,
        {},
      );
      queueMicrotask(() => showSecret(secret));
      return undefined;
    },
  });
}

export function changePayload(endpoint: Endpoint, reload: () => void): void {
  openForm({
    title: "How much is it told?",
    explain: <p>All that is sent from now on has it.</p>,
    fields: [{ ...PAYLOAD, value: endpoint.payload }],
    submit: "Save",
    run: async ({ payload }) => {
      await ask(`/webhook-endpoints/${endpoint.id}`, { method: "PATCH", body: { payload } });
      reload();
      return "Saved";
    },
  });
}

export function testEndpoint(endpoint: Endpoint, reload: () => void): void {
  openForm({
    title: "Send a test event?",
    explain: <p>An example, as the catalogue has it, sent once. The log below shows the answer.</p>,
    fields: [
      {
        name: "type",
        label: "Event",
        kind: "select",
        value: endpoint.events[0] ?? EVENTS,
        options: endpoint.events.map((event) => ({ value: event, label: event })),
      },
    ],
    submit: "Send",
    run: async ({ type }) => {
      await post(`/webhook-endpoints/${endpoint.id}/test`, { type });
      reload();
      return "It is sent";
    },
  });
}

export function replayEndpoint(endpoint: Endpoint, reload: () => void): void {
  openForm({
    title: "Send again what failed?",
    explain: <p>Each delivery that failed is sent once more, under its own webhook-id.</p>,
    fields: [
      {
        name: "hours",
        label: "Of the last",
        kind: "select",
        value: "24",
        options: [
          { value: "1", label: "hour" },
          { value: "24", label: "day" },
          { value: "168", label: "week" },
          { value: "720", label: "30 days" },
        ],
      },
    ],
    submit: "Send again",
    run: async ({ hours }) => {
      const since = new Date(Date.now() - Number(hours) * 3_600_000).toISOString();
      const { deliveries, next_since } = await post<Api["ReplayedDeliveries"]>(
        `/webhook-endpoints/${endpoint.id}/replay`,
        { since },
      );
      reload();
      return next_since === null
        ? `${deliveries} are sent again`
        : `${deliveries} are sent again. There are more: ask once more when these are sent`;
    },
  });
}

export function switchEndpoint(endpoint: Endpoint, reload: () => void): void {
  const enabled = endpoint.disabled_at !== null;
  openForm({
    title: enabled ? "Enable this endpoint?" : "Disable this endpoint?",
    explain: (
      <p>
        {enabled
          ? "What waits for it is sent at once."
          : "It gets no new events. What waits for it waits on."}
      </p>
    ),
    submit: enabled ? "Enable" : "Disable",
    isDanger: !enabled,
    run: async () => {
      await ask(`/webhook-endpoints/${endpoint.id}`, { method: "PATCH", body: { enabled } });
      reload();
      return enabled ? "Enabled" : "Disabled";
    },
  });
}

export function deleteEndpoint(endpoint: Endpoint): void {
  openForm({
    title: "Delete this endpoint?",
    explain: (
      <p>
        <Text value={endpoint.url} /> gets nothing more. Its secret, its log and what waits for it go with it.
      </p>
    ),
    submit: "Delete",
    isDanger: true,
    run: async () => {
      await ask(`/webhook-endpoints/${endpoint.id}`, { method: "DELETE" });
      go(pageUrl("/webhooks"));
      return "Deleted";
    },
  });
}
