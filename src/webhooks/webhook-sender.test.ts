import { describe, expect, test } from "vitest";
import { startReceiver } from "../../test/support/receiver.ts";
import { runSql } from "../../test/support/sql.ts";
import {
  brokenPromises,
  createCustomer,
  createJobType,
  createTestPlatform,
  type TestPlatform,
} from "../../test/support/test-platform.ts";
import { waitFor } from "../../test/support/wait-for.ts";
import { createEndpoint, createSender, spreadAll, startSending } from "../../test/support/webhooks.ts";
import { submitJob } from "../core/use-cases/submit-jobs.ts";

const open = async (): Promise<TestPlatform> => await createTestPlatform({ webhookAllowPrivate: true });

/** A customer, and what cancels jobs of it: each is an event. */
async function createOwner({ platform }: TestPlatform) {
  const customer_id = await createCustomer(platform);
  const job_type_id = await createJobType(platform);
  const cancel = async (count: number): Promise<string[]> => {
    const ids: string[] = [];
    for (let n = 0; n < count; n += 1) {
      const { id } = await submitJob(platform, { customer_id, job_type_id, input_data: n });
      await platform.jobs.cancel(id);
      ids.push(id);
    }
    return ids;
  };
  return { customer_id, cancel };
}

/**
 * What waits is due now, whatever it waits for; and no pause holds it up. Only while nothing is under way: that would be
 * due, too, and be sent twice.
 */
async function hurry({ databaseUrl }: TestPlatform): Promise<void> {
  await runSql(databaseUrl, "UPDATE webhook_deliveries SET due_at = now() WHERE status = 'pending'");
  await runSql(
    databaseUrl,
    "UPDATE webhook_endpoints SET paused_until = now() WHERE paused_until IS NOT NULL",
  );
}

test("deliveries are signed, complete, and told apart by type", async () => {
  const stack = await open();
  const receiver = await startReceiver();
  const { customer_id, cancel } = await createOwner(stack);
  const { id, secret } = await createEndpoint(
    stack.platform,
    receiver.url,
    ["job.cancelled", "job.finished"],
    customer_id,
  );
  const [job] = await cancel(1);
  startSending(stack.platform);
  await waitFor(() => receiver.received.length === 2);
  receiver.verify(secret);
  expect(receiver.received.map(({ body }) => body)).toMatchObject([
    { type: "job.cancelled", data: { id: job, status: "cancelled", omitted: [] } },
    { type: "job.finished", data: { id: job, status: "cancelled" } },
  ]);
  const log = await waitFor(async () => {
    const rows = await stack.platform.webhookDeliveries.list(id, "delivered", { limit: 10 });
    return rows.length === 2 && rows;
  });
  expect(log.map(({ type }) => type)).toEqual(["job.finished", "job.cancelled"]);
  expect(log[0]).toMatchObject({ tries: 1, due_at: null, answers: [{ status: 200, body: "ok" }] });
  expect(await brokenPromises(stack.platform)).toEqual([]);
});

test("the second event of a job waits until the first has ended", async () => {
  const stack = await open();
  const statuses = [500, 200, 200];
  const receiver = await startReceiver((response) => void response.writeHead(statuses.shift() ?? 500).end());
  const { customer_id, cancel } = await createOwner(stack);
  await createEndpoint(stack.platform, receiver.url, ["job.finished", "job.cancelled"], customer_id);
  await cancel(1);
  const sender = startSending(stack.platform);
  await waitFor(() => receiver.received.length === 1 && sender.underWay === 0);
  await hurry(stack);
  await waitFor(() => receiver.received.length === 3);
  expect(receiver.received.map(({ body }) => body.type)).toEqual([
    "job.cancelled",
    "job.cancelled",
    "job.finished",
  ]);
  const ids = receiver.received.map(({ headers }) => headers["webhook-id"]);
  expect(ids[0]).toBe(ids[1]);
  expect(ids[2]).not.toBe(ids[0]);
});

test("what a dead process had claimed is sent again under its id, and the dead one writes nothing", async () => {
  const stack = await open();
  const { webhookDeliveries } = stack.platform;
  const receiver = await startReceiver();
  const { customer_id, cancel } = await createOwner(stack);
  const { id } = await createEndpoint(stack.platform, receiver.url, ["job.cancelled"], customer_id);
  await cancel(1);
  const room = { max: 10, room: 10, rooms: new Map<string, number>(), after: undefined };
  const { claimed } = await webhookDeliveries.claim(room);
  expect(claimed).toHaveLength(1);
  // It is under way: nobody else gets it.
  expect((await webhookDeliveries.claim(room)).claimed).toEqual([]);
  await hurry(stack);
  const sender = createSender(stack.platform);
  await sender.round();
  await waitFor(async () => (await webhookDeliveries.list(id, "delivered", { limit: 1 })).length === 1);
  const [dead] = claimed;
  if (dead) await webhookDeliveries.settle([{ delivery: dead, kind: "retry", delay_ms: 0, health: "bad" }]);
  expect(await webhookDeliveries.list(id, undefined, { limit: 5 })).toMatchObject([
    { id: dead?.id, status: "delivered", tries: 1 },
  ]);
  expect((await stack.platform.webhookEndpoints.findById(id))?.failures).toBe(0);
});

test("many processes that claim at the same time share what is due, each delivery once", async () => {
  const stack = await open();
  const { customer_id, cancel } = await createOwner(stack);
  await createEndpoint(stack.platform, "http://127.0.0.1:9/", ["job.cancelled"], customer_id);
  await cancel(20);
  const room = { max: 5, room: 5, rooms: new Map<string, number>(), after: undefined };
  const claims = await Promise.all(
    Array.from({ length: 8 }, () => stack.platform.webhookDeliveries.claim(room)),
  );
  const ids = claims.flatMap(({ claimed }) => claimed.map((one) => one.id));
  expect(ids).toHaveLength(20);
  expect(new Set(ids).size).toBe(20);
});

describe("an endpoint that fails", () => {
  test("is paused after five failures, tried with one delivery, and gets all once it is back", async () => {
    const stack = await open();
    const { webhookEndpoints } = stack.platform;
    const receiver = await startReceiver();
    const { customer_id, cancel } = await createOwner(stack);
    const { id, secret } = await createEndpoint(stack.platform, receiver.url, ["job.cancelled"], customer_id);
    await receiver.kill();
    const ids = await cancel(12);
    startSending(stack.platform);
    const paused = await waitFor(async () => {
      const endpoint = await webhookEndpoints.findById(id);
      return typeof endpoint?.paused_until === "string" && endpoint;
    });
    expect(paused.failures).toBeGreaterThanOrEqual(5);
    const failures = await waitFor(async () => {
      const rows = await stack.platform.webhookDeliveries.list(id, undefined, { limit: 50 });
      const tries = rows.reduce((sum, row) => sum + row.tries, 0);
      return tries === (await webhookEndpoints.findById(id))?.failures && tries;
    });
    // The pause is over, and all is due: one is tried, and the pause is twice as long.
    await hurry(stack);
    const probed = await waitFor(async () => {
      const endpoint = await webhookEndpoints.findById(id);
      return endpoint && endpoint.failures > failures && endpoint;
    });
    expect(probed.failures).toBe(failures + 1);
    const pause_ms = Date.parse(probed.paused_until ?? "") - Date.now();
    expect(pause_ms).toBeGreaterThan(100_000);
    expect(pause_ms).toBeLessThanOrEqual(120_000);

    await receiver.restart();
    await hurry(stack);
    await waitFor(() => receiver.received.length === ids.length);
    receiver.verify(secret);
    expect(receiver.received.map(({ body }) => String(body.data["id"])).toSorted()).toEqual(ids.toSorted());
    await waitFor(async () => (await webhookEndpoints.findById(id))?.failures === 0);
  });

  test("holds up nobody else, however slow it is", async () => {
    const stack = await open();
    const { platform } = stack;
    const slow = await startReceiver(() => undefined);
    const fast = await startReceiver();
    const [first, second] = [await createOwner(stack), await createOwner(stack)];
    await createEndpoint(platform, slow.url, ["job.cancelled"], first.customer_id);
    await createEndpoint(platform, fast.url, ["job.cancelled"], second.customer_id);
    await first.cancel(40);
    startSending(platform);
    await waitFor(() => slow.received.length > 0);
    const at = performance.now();
    await second.cancel(10);
    await waitFor(() => fast.received.length === 10);
    // A request to the slow one takes 15 s.
    expect(performance.now() - at).toBeLessThan(10_000);
    expect(slow.together.most).toBeLessThanOrEqual(4);
  });

  test("with 410 is disabled, which the other endpoints are told, and it gets nothing more", async () => {
    const stack = await open();
    const gone = await startReceiver((response) => void response.writeHead(410).end());
    const operator = await startReceiver();
    const { customer_id, cancel } = await createOwner(stack);
    const { id } = await createEndpoint(stack.platform, gone.url, ["job.cancelled"], customer_id);
    await createEndpoint(stack.platform, operator.url, ["endpoint.disabled"]);
    await cancel(1);
    startSending(stack.platform);
    await waitFor(() => operator.received.length === 1);
    expect(operator.received[0]?.body).toMatchObject({
      type: "endpoint.disabled",
      data: { id, customer_id, disabled_reason: "gone" },
    });
    await cancel(1);
    expect(await stack.platform.webhookDeliveries.list(id, undefined, { limit: 5 })).toHaveLength(1);
    expect(await stack.platform.webhookEndpoints.findById(id)).toMatchObject({ disabled_reason: "gone" });
  });

  test("for five days is disabled, and gets what waited once it is enabled again", async () => {
    const stack = await open();
    const statuses = [500, 200, 200];
    const receiver = await startReceiver(
      (response) => void response.writeHead(statuses.shift() ?? 200).end(),
    );
    const { customer_id, cancel } = await createOwner(stack);
    const { id } = await createEndpoint(stack.platform, receiver.url, ["job.cancelled"], customer_id);
    await cancel(2);
    await runSql(
      stack.databaseUrl,
      "UPDATE webhook_endpoints SET failures = 9, failing_since = now() - interval '121 hours'",
    );
    const sender = startSending(stack.platform);
    await waitFor(
      async () => (await stack.platform.webhookEndpoints.findById(id))?.disabled_reason === "failing",
    );
    await waitFor(() => sender.underWay === 0);
    await hurry(stack);
    await stack.platform.webhookEndpoints.update(id, { enabled: true });
    await waitFor(() => receiver.received.length === 3);
  });

  test("by hand once more changes nothing about its health", async () => {
    const stack = await open();
    const receiver = await startReceiver((response) => void response.writeHead(500).end());
    const { customer_id, cancel } = await createOwner(stack);
    const { id } = await createEndpoint(stack.platform, receiver.url, ["job.cancelled"], customer_id);
    await cancel(1);
    await spreadAll(stack.databaseUrl);
    await runSql(stack.databaseUrl, "UPDATE webhook_deliveries SET status = 'failed', ended_at = now()");
    const [failed] = await stack.platform.webhookDeliveries.list(id, "failed", { limit: 1 });
    await stack.platform.webhookDeliveries.resend(failed?.id ?? "");
    startSending(stack.platform);
    await waitFor(
      async () => (await stack.platform.webhookDeliveries.list(id, "failed", { limit: 1 })).length,
    );
    expect(receiver.received).toHaveLength(1);
    expect((await stack.platform.webhookEndpoints.findById(id))?.failures).toBe(0);
  });

  test("gets what is sent by hand, paused or not, whatever else waits", async () => {
    const stack = await open();
    const receiver = await startReceiver();
    const { customer_id, cancel } = await createOwner(stack);
    const { id } = await createEndpoint(stack.platform, receiver.url, ["job.cancelled"], customer_id);
    await cancel(2);
    await spreadAll(stack.databaseUrl);
    const [second, first] = await stack.platform.webhookDeliveries.list(id, "pending", { limit: 2 });
    const health = "UPDATE webhook_endpoints SET failures = 9, failing_since = now(), paused_until = ";
    await runSql(stack.databaseUrl, "UPDATE webhook_deliveries SET due_at = now() + interval '1 hour'");
    await runSql(stack.databaseUrl, `${health} now() + interval '1 hour'`);
    await stack.platform.webhookDeliveries.resend(first?.id ?? "");
    const sender = createSender(stack.platform);
    await sender.round();
    await waitFor(() => receiver.received.length === 1);
    await waitFor(() => sender.underWay === 0);
    // Its pause is over, and nothing is due that could be the probe.
    await stack.platform.webhookDeliveries.resend(second?.id ?? "");
    await runSql(stack.databaseUrl, `${health} now()`);
    await sender.round();
    await waitFor(() => receiver.received.length === 2);
  });
});

test("a sender that stops gives back what it could not finish, and it is sent by another at once", async () => {
  const stack = await open();
  const silent = await startReceiver((response, { body }) => {
    if (silent.received.length > 1) response.end(body.type);
  });
  const { customer_id, cancel } = await createOwner(stack);
  const { id } = await createEndpoint(stack.platform, silent.url, ["job.cancelled"], customer_id);
  await cancel(1);
  const sender = createSender(stack.platform);
  await sender.round();
  await waitFor(() => silent.received.length === 1);
  await sender.stop(0);
  await createSender(stack.platform).round();
  await waitFor(() => silent.received.length === 2);
  const [delivered] = await waitFor(async () => {
    const rows = await stack.platform.webhookDeliveries.list(id, "delivered", { limit: 1 });
    return rows.length === 1 && rows;
  });
  expect(delivered?.tries).toBe(1);
  expect(silent.received[0]?.headers["webhook-id"]).toBe(silent.received[1]?.headers["webhook-id"]);
});

test("a sender that stops during a claim gives back what it brings before it has stopped", async () => {
  const stack = await open();
  const receiver = await startReceiver();
  const { customer_id, cancel } = await createOwner(stack);
  await createEndpoint(stack.platform, receiver.url, ["job.cancelled"], customer_id);
  await cancel(1);
  const sender = createSender(stack.platform);
  const round = sender.round();
  await sender.stop(0);
  const { rows } = await runSql(
    stack.databaseUrl,
    "SELECT claims, tries, due_at <= now() AS is_due FROM webhook_deliveries",
  );
  expect(rows).toEqual([{ claims: 1, tries: 0, is_due: true }]);
  expect(await round).toBe(false);
  expect(receiver.received).toEqual([]);
});
