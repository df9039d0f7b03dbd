import type { LookupFunction } from "node:net";
import { describe, expect, test } from "vitest";
import { webhooks as sdk } from "../../sdk/src/webhooks.ts";
import { newId } from "../../src/core/lib/new-id.ts";
import { advanceBulkAction } from "../../src/core/use-cases/advance-bulk-action.ts";
import { retryJob } from "../../src/core/use-cases/retry-job.ts";
import { createWebhookOwner } from "../support/job-webhooks.ts";
import { startReceiver, type Received } from "../support/receiver.ts";
import { runSql } from "../support/sql.ts";
import { brokenPromises, createTestPlatform, type TestPlatform } from "../support/test-platform.ts";
import { upkeepTask } from "../support/upkeep.ts";
import { waitFor } from "../support/wait-for.ts";
import { createEndpoint, createSender, startSending } from "../support/webhooks.ts";
import { createWebhookSecret } from "../../src/core/lib/sign-webhook.ts";

const open = async (): Promise<TestPlatform> => await createTestPlatform({ webhookAllowPrivate: true });

const idsOf = (received: readonly Received[]): string[] =>
  received.map(({ body }) => String(body.data["id"]));

test("a webhook is told of its job alone, signed with the customer's secret, in order", async () => {
  const { platform, databaseUrl } = await open();
  const { secret, end, origins } = await createWebhookOwner(platform);
  const statuses = [500];
  const receiver = await startReceiver((response) => void response.writeHead(statuses.pop() ?? 200).end());
  const other = await startReceiver();
  const both = ["job.cancelled", "job.finished"] as const;
  const [told] = await end(
    { url: `${receiver.url}/orders/1?of=2`, events: both },
    undefined,
    { url: receiver.url, events: ["job.succeeded", "job.failed"] },
    { url: other.url },
  );
  startSending(platform);
  await waitFor(async () => (await logOf(platform, "pending")).some(({ tries }) => tries === 1));
  await runSql(databaseUrl, "UPDATE webhook_deliveries SET due_at = now() WHERE tries = 1");
  await waitFor(() => receiver.received.length === 3 && other.received.length === 1);
  // The second waited until the first had arrived.
  expect(receiver.received.map(({ body }) => [body.type, body.data["id"], body.sequence])).toEqual([
    ["job.cancelled", told, 2],
    ["job.cancelled", told, 2],
    ["job.finished", told, 2],
  ]);
  expect(receiver.paths).toEqual(Array.from({ length: 3 }, () => "/hook/orders/1?of=2"));
  receiver.verify(secret);
  for (const { text, headers } of receiver.received)
    expect(await sdk.verify(text, headers, secret)).toMatchObject({ sequence: 2, data: { id: told } });
  expect(await platform.webhookEndpoints.list(undefined, { limit: 5 })).toEqual([]);
  const expected = [receiver.url, other.url].map((url) => new URL(url).origin).toSorted();
  expect((await origins()).map(({ url }) => url).toSorted()).toEqual(expected);
  expect(await origins()).toMatchObject([
    { kind: "one_off", events: [] },
    { kind: "one_off", events: [] },
  ]);
  expect(await brokenPromises(platform)).toEqual([]);
});

test("endpoints are told besides, and with nobody's webhook nothing is written", async () => {
  const { platform, databaseUrl } = await open();
  const owner = await createWebhookOwner(platform);
  const other = await createWebhookOwner(platform);
  const lasting = await startReceiver();
  await createEndpoint(platform, lasting.url, ["job.finished"], owner.customer_id);
  startSending(platform);
  const one = await startReceiver();
  const ids = await owner.end({ url: one.url }, undefined);
  await other.end(undefined);
  await waitFor(() => lasting.received.length === 2 && one.received.length === 1);
  expect(idsOf(lasting.received).toSorted()).toEqual(ids.toSorted());
  expect(idsOf(one.received)).toEqual(ids.slice(0, 1));
  const { rows } = await runSql(databaseUrl, "SELECT job_id, events FROM job_webhooks");
  expect(rows).toEqual([{ job_id: ids[0], events: ["job.finished"] }]);
});

test("a secret is rotated for all origins at once, and the old one signs as well for a while", async () => {
  const { platform } = await open();
  const { customer_id, secret: first, end } = await createWebhookOwner(platform);
  const rotate = async (overlap_hours: number): Promise<string> => {
    const secret = createWebhookSecret(32);
    expect(await platform.jobWebhooks.rotateSecret(customer_id, secret, overlap_hours)).toBe(true);
    return secret;
  };
  const deliver = async () => {
    const receivers = [await startReceiver(), await startReceiver()];
    await end(...receivers.map(({ url }) => ({ url })));
    await waitFor(() => receivers.every(({ received }) => received.length === 1));
    return receivers;
  };
  startSending(platform);
  const second = await rotate(24);
  for (const receiver of await deliver()) for (const secret of [first, second]) receiver.verify(secret);
  const third = await rotate(24);
  for (const receiver of await deliver()) {
    for (const secret of [second, third]) receiver.verify(secret);
    expect(() => receiver.verify(first)).toThrow("No matching signature");
  }
  const fourth = await rotate(0);
  for (const receiver of await deliver()) {
    receiver.verify(fourth);
    expect(() => receiver.verify(third)).toThrow("No matching signature");
  }
});

describe("an origin", () => {
  test("of which one webhook is gone sends the others, and is never disabled", async () => {
    const { platform, databaseUrl } = await open();
    const { end, origins } = await createWebhookOwner(platform);
    const receiver = await startReceiver((response) => {
      response.writeHead(receiver.paths.at(-1) === "/hook/gone" ? 410 : 200).end();
    });
    const url = `${receiver.url}/gone`;
    startSending(platform);
    // More than a breaker bears.
    await end(...Array.from({ length: 7 }, () => ({ url })));
    await waitFor(async () => (await logOf(platform, "failed")).length === 7);
    expect(await origins()).toMatchObject([{ disabled_at: null, failures: 0, paused_until: null }]);
    const [job] = await end({ url: `${receiver.url}/other` });
    await waitFor(async () => (await logOf(platform, "delivered")).length === 1);
    expect(idsOf(receiver.received).at(-1)).toBe(job);
    const { rows } = await runSql(databaseUrl, "SELECT DISTINCT tries FROM webhook_deliveries");
    expect(rows).toEqual([{ tries: 1 }]);

    // Also where the one that is gone is the probe of a pause.
    await runSql(databaseUrl, "UPDATE webhook_endpoints SET failures = 9, paused_until = now()");
    await end({ url });
    await waitFor(async () => (await logOf(platform, "failed")).length === 8);
    await end({ url: receiver.url });
    await waitFor(async () => (await logOf(platform, "delivered")).length === 2, { timeoutMs: 10_000 });
    expect(await origins()).toMatchObject([{ failures: 0 }]);
  });

  test("that fails for five days gives up what has waited for so long, and goes on with the rest", async () => {
    const { platform, databaseUrl } = await open();
    const { end, origins } = await createWebhookOwner(platform);
    const receiver = await startReceiver((response) => void response.writeHead(500).end());
    const [old, young] = await end({ url: receiver.url }, { url: receiver.url });
    await runSql(
      databaseUrl,
      "UPDATE webhook_endpoints SET failures = 9, failing_since = now() - interval '121 hours'",
    );
    const age = "UPDATE webhook_deliveries SET created_at = now() - interval '121 hours' WHERE job_id = $1";
    await waitFor(async () => (await logOf(platform, "pending")).length === 2);
    await runSql(databaseUrl, age, [old]);
    startSending(platform);
    const [ended] = await waitFor(async () => {
      const rows = await logOf(platform, "failed");
      return rows.length === 1 && rows;
    });
    expect(ended).toMatchObject({
      job_id: old,
      answers: expect.arrayContaining([
        expect.objectContaining({ error: expect.stringContaining("given up"), status: null }),
      ]),
    });
    expect(await logOf(platform, "pending")).toMatchObject([{ job_id: young }]);
    expect(await origins()).toMatchObject([{ disabled_at: null }]);
  });

  test("that is slow holds up nobody else, neither of its customer nor of others", async () => {
    const { platform } = await open();
    const [first, second] = [await createWebhookOwner(platform), await createWebhookOwner(platform)];
    const slow = await startReceiver(() => undefined);
    const fast = [await startReceiver(), await startReceiver(), await startReceiver()];
    await createEndpoint(platform, fast[2]?.url ?? "", ["job.finished"], first.customer_id);
    await first.end(...Array.from({ length: 40 }, () => ({ url: slow.url })));
    startSending(platform);
    await waitFor(() => slow.received.length > 0 && fast[2]?.received.length === 40);
    const at = performance.now();
    await first.end({ url: fast[0]?.url ?? "" });
    await second.end({ url: fast[1]?.url ?? "" });
    await waitFor(() => fast.every(({ received }) => received.length > 0));
    // A request to the slow one takes 15 s.
    expect(performance.now() - at).toBeLessThan(10_000);
    expect(slow.together.most).toBeLessThanOrEqual(4);
  });

  test("that no job uses any more goes, with no job left that could be told or retried", async () => {
    const { platform, databaseUrl } = await open();
    const { submit, origins } = await createWebhookOwner(platform);
    const [open_] = await submit({ url: "http://127.0.0.1:1/a" }, { url: "http://127.0.0.1:2/b" });
    const expiry = upkeepTask(platform, "expiry");
    const stays = async (): Promise<string[]> => {
      await expiry.runOnce();
      return (await origins()).map(({ url }) => url).toSorted();
    };
    await runSql(databaseUrl, "DELETE FROM job_webhooks WHERE job_id <> $1", [open_]);
    expect(await stays()).toHaveLength(2);
    await runSql(databaseUrl, "UPDATE webhook_endpoints SET used_at = now() - interval '31 days'");
    expect(await stays()).toEqual(["http://127.0.0.1:1"]);
    await platform.jobs.cancel(open_ ?? "");
    await platform.jobs.prune({ older_days: 0, max: 100, after: undefined });
    expect(await stays()).toEqual([]);
  });
});

test("what a dead sender had is sent again under its id; so is what is sent once more by hand", async () => {
  const { platform, databaseUrl } = await open();
  const { end, secret } = await createWebhookOwner(platform);
  const receiver = await startReceiver();
  await end({ url: `${receiver.url}/order` });
  const room = { max: 10, room: 10, rooms: new Map<string, number>(), after: undefined };
  const { claimed } = await platform.webhookDeliveries.claim(room);
  expect(claimed).toMatchObject([{ url: `${receiver.url}/order`, payload: "full" }]);
  await runSql(databaseUrl, "UPDATE webhook_deliveries SET due_at = now()");
  startSending(platform);
  const [delivered] = await waitFor(async () => {
    const rows = await logOf(platform, "delivered");
    return rows.length === 1 && rows;
  });
  expect(delivered).toMatchObject({ id: claimed[0]?.id, url: `${receiver.url}/order` });
  await platform.webhookDeliveries.resend(delivered?.id ?? "");
  await waitFor(() => receiver.received.length === 2);
  expect(new Set(receiver.received.map(({ headers }) => headers["webhook-id"])).size).toBe(1);
  expect(receiver.paths).toEqual(["/hook/order", "/hook/order"]);
  receiver.verify(secret);
});

test("a redirect is not followed, and a private address is refused when it is connected to", async () => {
  const { platform } = await open();
  const { end } = await createWebhookOwner(platform);
  const inside = await startReceiver();
  const outside = await startReceiver(
    (response) =>
      void response.writeHead(307, { location: inside.url, "webhook-delivery": "abort-message" }).end(),
  );
  // The name meant something else when the job was submitted.
  const lookup: LookupFunction = (_name, _options, callback) =>
    callback(null, [{ address: "127.0.0.1", family: 4 }]);
  const closed = createSender(platform, 15_000, { allowPrivate: false, lookup });
  await end({ url: "https://rebound.example/hook" });
  await closed.round();
  const [refused] = await waitFor(async () => {
    const rows = await logOf(platform, "pending");
    return rows[0]?.tries === 1 && rows;
  });
  expect(refused?.answers).toMatchObject([
    { status: null, error: expect.stringContaining("the address is private") },
  ]);
  startSending(platform);
  await end({ url: outside.url });
  const [redirected] = await waitFor(async () => {
    const rows = await logOf(platform, "failed");
    return rows.length === 1 && rows;
  });
  expect(redirected?.answers).toMatchObject([{ status: 307 }]);
  expect(inside.received).toEqual([]);
});

test("a retry keeps the webhook, one by one and in bulk, also when its origin was deleted", async () => {
  const { platform, databaseUrl } = await open();
  const { end, origins, customer_id } = await createWebhookOwner(platform);
  const receiver = await startReceiver();
  const [old = ""] = await end({ url: `${receiver.url}/a`, events: ["job.cancelled"] });
  for (const { id } of await origins()) await platform.webhookEndpoints.delete(id);
  const { id: retried } = await retryJob(platform, old);
  await platform.jobs.cancel(retried);
  startSending(platform);
  await waitFor(() => receiver.received.length === 1);
  expect(receiver.received[0]?.body).toMatchObject({ type: "job.cancelled", data: { retry_of: old } });

  const filter = { ids: [retried] };
  const bulk = { id: newId(), action: "retry", filter, owner_id: customer_id, isPreview: false } as const;
  await platform.bulkActions.create(bulk, undefined);
  await waitFor(async () => !(await advanceBulkAction(platform)));
  const { rows } = await runSql<{ id: string }>(databaseUrl, "SELECT id FROM jobs WHERE retry_of = $1", [
    retried,
  ]);
  await platform.jobs.cancel(rows[0]?.id ?? "");
  await waitFor(() => receiver.received.length === 2);
  expect(receiver.received[1]?.body.data).toMatchObject({ id: rows[0]?.id, retry_of: retried });
});

async function logOf(
  { webhookEndpoints, webhookDeliveries }: TestPlatform["platform"],
  status: "pending" | "delivered" | "failed",
) {
  const endpoints = await webhookEndpoints.list(undefined, { limit: 50 }, "one_off");
  const lists = await Promise.all(
    endpoints.map(({ id }) => webhookDeliveries.list(id, status, { limit: 50 })),
  );
  return lists.flat();
}
